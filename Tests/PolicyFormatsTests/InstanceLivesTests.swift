import NetworkTypes
import TestSupport
import Testing
import VirtualNetworks

@testable import PolicyFormats

/// Lives of instances as events tell them.
@Suite("Lives of instances in events")
struct InstanceLivesTests {
  private static var world: VirtualNetwork {
    var world = SemanticsNetwork()
    world.addWebInstance()
    return world.network
  }

  private func timeline(_ text: String, of network: VirtualNetwork = Self.world) throws -> EventTimeline {
    try EventFile(parsing: Array(text.utf8), file: "events").timeline(
      of: network, start: CaptureTime("2026-01-05T09:00:00Z")!)
  }

  private func changes(_ timeline: EventTimeline) -> [String] {
    timeline.events.flatMap { $0.changes.map(\.description) }
  }

  private static func run(_ second: Int, _ keys: String) -> String {
    "- {at: +\(second)s, run: {\(keys), subnet: subnet-pub, private_ip: 10.0.0.77, groups: [web]}}\n"
  }

  // MARK: Launches

  @Test(
    "What is launched under the name of a terminated instance is another one, with an interface of its own")
  func launchedAgain() throws {
    let text =
      Self.run(1, "name: n") + "- {at: +2s, terminate: n}\n" + Self.run(3, "name: n")
      + "- {at: +4s, create_route: {table: rtb-db, to: 192.0.2.0/24, target: n}}\n"
      + "- {at: +5s, terminate: n}\n" + Self.run(6, "name: n, id: i-new")
      + "- {at: +7s, set_groups: {instance: n, groups: [app]}}\n- {at: +8s, terminate: n}\n"
      // Another instance has the id that would be this one's.
      + Self.run(9, "name: web")
    let timeline = try timeline(text)
    #expect(
      changes(timeline) == [
        "run i-n with 10.0.0.77 in subnet-pub", "terminate i-n", "run i-n-2 with 10.0.0.77 in subnet-pub",
        "create route 192.0.2.0/24 -> i-n-2 in rtb-db", "terminate i-n-2",
        "run i-new with 10.0.0.77 in subnet-pub", "set the groups of eni-new to sg-app", "terminate i-new",
        "run i-web-2 with 10.0.0.77 in subnet-pub",
      ])
    let interfaces = timeline.events.flatMap(\.changes).flatMap { change -> [ResourceID] in
      if case .run(_, let interfaces) = change { interfaces.map(\.id) } else { [] }
    }
    #expect(interfaces == ["eni-n", "eni-n-2", "eni-new", "eni-web-2"])
  }

  @Test(
    "A name or id of an instance that lives is not launched again",
    arguments: ["name: n", "id: i-n", "name: other, id: i-n"])
  func launchedTwice(_ keys: String) throws {
    let error = #expect(throws: EventError.self) {
      try timeline(Self.run(1, "name: n") + Self.run(2, keys))
    }
    #expect(try #require(error).message.hasSuffix("i-n has been launched already"))
  }

  @Test(
    "An instance whose root volume is its host's disk does not stop, whatever the word is (LC-2)",
    arguments: ["stop: web-1", "state: {instance: web-1, is: stopping}"])
  func instanceStore(_ event: String) throws {
    var network = Self.world
    network.instances[0].rootDevice = .instanceStore
    let error = #expect(throws: EventError.self) { try timeline("- {at: +1s, \(event)}", of: network) }
    let text = try #require(error).message
    #expect(
      text.hasSuffix("its root volume is instance store: it can be rebooted or terminated, not stopped"))
    #expect(text.hasPrefix("events:1:"))
  }

  @Test("A launch has its public address as the network writes it, or by one word")
  func launchedAddress() throws {
    for (keys, isElastic) in [
      ("public_ip: 198.51.100.7, elastic: true", true), ("elastic_ip: 198.51.100.7", true),
      ("public_ip: 198.51.100.7", false), ("public_ip: 198.51.100.7, elastic: false", false),
    ] {
      let events = try timeline(
        "events:\n- {at: +1s, run: {name: n, subnet: subnet-pub, private_ip: 10.0.0.77, \(keys)}}"
      ).events
      guard case .run(_, let interfaces)? = events.first?.changes.first else {
        Issue.record("no launch")
        continue
      }
      #expect(interfaces[0].ipv4Addresses[0].publicAddress == IPv4Address("198.51.100.7"))
      #expect(interfaces[0].ipv4Addresses[0].isElastic == isElastic, "\(keys)")
    }
  }

  // MARK: Notifications

  private static func call(
    _ name: String, _ second: Int, source: String = "ec2", _ response: String = "null"
  ) -> String {
    #"""
    {"eventTime": "2026-01-05T09:00:\#(second)Z", "eventSource": "\#(source).amazonaws.com", "eventName": "\#(name)",
     "requestParameters": {"instancesSet": {"items": [{"instanceId": "i-web"}]}}, "responseElements": \#(response)}
    """#
  }

  private static func news(_ state: String, _ second: Int, _ instance: String = "i-web") -> String {
    #"""
    {"detail-type": "EC2 Instance State-change Notification", "time": "2026-01-05T09:00:\#(second)Z",
     "detail": {"instance-id": "\#(instance)", "state": "\#(state)"}}
    """#
  }

  @Test("Calls and the notifications of what they lead to are one life, and nothing happens twice")
  func callsAndNews() throws {
    let launch = #"""
      {"instancesSet": {"items": [{"instanceId": "i-new", "subnetId": "subnet-pub", "vpcId": "vpc-a",
       "instanceState": {"code": 0, "name": "pending"},
       "networkInterfaceSet": {"items": [{"networkInterfaceId": "eni-new", "subnetId": "subnet-pub", "vpcId": "vpc-a",
        "attachment": {"deviceIndex": 0},
        "privateIpAddressesSet": {"item": [{"privateIpAddress": "10.0.0.77", "primary": true}]}}]}}]}}
      """#
    let timeline = try timeline(
      [
        Self.call("StopInstances", 11), Self.news("stopping", 12), Self.news("stopped", 19),
        Self.call("StartInstances", 21), Self.news("pending", 22), Self.news("running", 29),
        // One that was delivered twice.
        Self.news("running", 29),
        Self.call("TerminateInstances", 31), Self.news("shutting-down", 32), Self.news("terminated", 39),
        Self.call("RunInstances", 41, launch), Self.news("pending", 42, "i-new"),
        Self.news("running", 49, "i-new"),
      ].joined(separator: "\n"))
    #expect(timeline.warnings == [])
    #expect(
      changes(timeline) == [
        "stop i-web", "start i-web", "terminate i-web", "run i-new with 10.0.0.77 in subnet-pub",
      ])
  }

  @Test("Notifications alone tell the same life")
  func newsAlone() throws {
    let states = ["stopping", "stopped", "pending", "running", "shutting-down", "terminated"]
    let timeline = try timeline(
      states.enumerated().map { Self.news($1, 10 + $0) }.joined(separator: "\n"))
    #expect(timeline.warnings == [])
    #expect(changes(timeline) == states.map { "i-web is \($0)" })
  }

  // MARK: What is not modelled

  @Test(
    "Calls about load balancers, and spot instances that went, are warned of",
    arguments: [
      "RegisterTargets", "DeregisterTargets", "CreateListener", "ModifyListener", "DeleteListener",
      "SetSecurityGroups", "SetSubnets", "CreateLoadBalancer", "DeleteLoadBalancer", "ModifyTargetGroup",
      "RegisterInstancesWithLoadBalancer", "ApplySecurityGroupsToLoadBalancer", "BidEvictedEvent",
    ])
  func unmodelled(_ name: String) throws {
    let source = name == "BidEvictedEvent" ? "ec2" : "elasticloadbalancing"
    let timeline = try timeline(Self.call(name, 11, source: source))
    #expect(timeline.events.isEmpty)
    let noun = name == "BidEvictedEvent" ? name : name + " event"
    #expect(
      timeline.warnings == [
        "events: 1 \(noun) is not modelled and passed over; what it changed is not in the audit"
      ])
  }

  @Test(
    "Calls of other services that are called likewise, and those that only read, are passed over in silence")
  func foreignCalls() throws {
    for (name, source) in [
      ("StopInstances", "opsworks"), ("CreateListener", "vpc-lattice"),
      ("DescribeTargetHealth", "elasticloadbalancing"),
      ("AddTags", "elasticloadbalancing"), ("PutObject", "s3"),
    ] {
      let timeline = try timeline(Self.call(name, 11, source: source))
      #expect(timeline.events.isEmpty && timeline.warnings.isEmpty, "\(name)")
    }
  }
}
