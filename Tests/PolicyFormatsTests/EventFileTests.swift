import NetworkTypes
import RuleMatching
import TestSupport
import Testing
import VirtualNetworks

@testable import PolicyFormats

@Suite("Events")
struct EventFileTests {
  private static var world: VirtualNetwork {
    var world = SemanticsNetwork()
    world.addWebInstance()
    world.network.elasticAddresses = [
      ElasticAddress(id: "eipalloc-1", publicAddress: IPv4Address("198.51.100.99")!)
    ]
    return world.network
  }

  private static let start = CaptureTime("2026-01-05T09:00:00Z")!

  private func timeline(_ text: String, file: String = "events") throws -> EventTimeline {
    try EventFile(parsing: Array(text.utf8), file: file).timeline(of: Self.world, start: Self.start)
  }

  /// What the changes are, as text, with their seconds after the start.
  private func changes(_ text: String) throws -> [String] {
    let timeline = try timeline(text)
    #expect(timeline.warnings == [])
    return timeline.events.map { event in
      let seconds = (event.time.nanoseconds - Self.start.nanoseconds) / 1_000_000_000
      return "\(seconds): " + event.changes.map(\.description).joined(separator: ", ")
    }
  }

  // MARK: YAML

  @Test("YAML events come in order of time; names mean what they mean then")
  func yaml() throws {
    let text = """
      events:
        - at: +90s
          stop: web-1
        - at: 2026-01-05T09:01:00Z
          remove_rule: {group: web, rule: all from 0.0.0.0/0}
        - {at: +2m, terminate: web-1}
        - {at: +3m, run: {name: web-1, subnet: subnet-pub, private_ip: 10.0.0.10, groups: [web]}}
        - {at: +4m, stop: web-1}
        - {at: +5m, add_rule: {group: db, rule: tcp 5432 from sg/app}}
        - {at: +6m, set_groups: {interface: eni-app, groups: [web, app]}}
        - {at: +7m, create_entry: {acl: acl-vpc-a, entry: 10 deny tcp 22 from 0.0.0.0/0}}
        - {at: +8m, delete_entry: {acl: acl-vpc-a, inbound: 10}}
        - {at: +9m, create_route: {table: rtb-db, to: 0.0.0.0/0, target: nat-1}}
        - {at: +10m, delete_route: {table: rtb-db, to: 0.0.0.0/0}}
        - {at: +11m, associate: {address: eipalloc-1, interface: eni-app}}
        - {at: +12m, disassociate: 198.51.100.99}
      """
    #expect(
      try changes(text) == [
        "60: remove inbound rule all from 0.0.0.0/0 of sg-web", "90: stop i-web", "120: terminate i-web",
        "180: run i-web-1 with 10.0.0.10 in subnet-pub", "240: stop i-web-1",
        "300: add inbound rule tcp 5432 from sg-app to sg-db",
        "360: set the groups of eni-app to sg-web, sg-app",
        "420: create inbound entry 10 deny tcp 22 from 0.0.0.0/0 of acl-vpc-a",
        "480: delete inbound entry 10 of acl-vpc-a", "540: create route 0.0.0.0/0 -> nat-1 in rtb-db",
        "600: delete route to 0.0.0.0/0 from rtb-db", "660: associate 198.51.100.99 with eni-app",
        "720: disassociate 198.51.100.99",
      ])
  }

  struct Mistake: Sendable, CustomTestStringConvertible {
    var text: String
    var place: String
    var says: String
    init(_ text: String, _ place: String, _ says: String) {
      (self.text, self.place, self.says) = (text, place, says)
    }
    var testDescription: String { says }
  }

  /// A launch with some more keys.
  private static func launch(_ keys: String) -> String {
    "events:\n- {at: +1s, run: {name: n, subnet: subnet-pub, private_ip: 10.0.0.77, \(keys)}}"
  }

  @Test(
    "Mistakes in YAML events are errors that say where",
    arguments: [
      Mistake("events:\n- {at: +1s, stopp: web-1}", "2:13", "did you mean \"stop\"?"),
      Mistake("events:\n- {at: noon, stop: web-1}", "2:8", "expected a time"),
      Mistake("events:\n- {stop: web-1}", "2:3", "found no key \"at\""),
      Mistake("events:\n- {at: +1s, stop: web-9}", "2:19", "nearest: web-1"),
      Mistake(
        "events:\n- {at: +1s, start: web-1}\n- {at: +2s, terminate: web-1}\n- {at: +3s, start: web-1}",
        "4:20", "instance i-web is terminated; start needs"),
      Mistake(
        "events:\n- {at: +1s, remove_rule: {group: web, rule: tcp 443 from 10.0.0.0/8}}", "2:26",
        "has no inbound rule"),
      Mistake(
        "events:\n- {at: +1s, add_rule: {group: web, rule: tcp 443 frm 10.0.0.0/8}}", "2:42",
        "expected from or to"),
      // LC-2: a running instance does not become pending.
      Mistake(
        "events:\n- {at: +1s, state: {instance: web-1, is: pending}}", "2:42",
        "found \"pending\", expected stopping or shutting-down: i-web is running"),
      Mistake(
        "events:\n- {at: +1s, terminate: web-1}\n- {at: +2s, state: {instance: i-web, is: running}}", "3:42",
        "i-web is terminated, which is final"),
      // AD-6.
      Mistake(
        "events:\n- {at: +1s, run: {name: n, subnet: subnet-pub, private_ip: 10.0.0.1}}", "2:18",
        "10.0.0.1 is reserved: AWS keeps the first four addresses of each subnet and the last one"),
      Mistake(
        "events:\n- {at: +1s, run: {name: n, subnet: subnet-pub, private_ip: 10.0.1.77}}", "2:18",
        "10.0.1.77 is outside of subnet-pub (10.0.0.0/24"),
      Mistake(
        "events:\n- {at: +1s, run: {name: n, subnet: subnet-pub, private_ip: 10.0.0.10}}", "2:18",
        "10.0.0.10 is in use by eni-web"),
      Mistake(
        "events:\n- {at: +1s, run: {name: n, subnet: subnet-pub, private_ip: 10.0.0.77, elastic: true}}",
        "2:80",
        "expected \"public_ip: …\""),
      Mistake(
        "events:\n- {at: +1s, terminate: i-web}\n- {at: +2s, reboot: i-web}", "3:21",
        "is terminated; reboot needs running"),
      // A public address is one host's, and public.
      Mistake(launch("public_ip: 198.51.100.10"), "2:18", "198.51.100.10 is in use by eni-web"),
      Mistake(launch("elastic_ip: 198.51.100.220"), "2:18", "198.51.100.220 is in use by eni-nat"),
      Mistake(launch("public_ip: 10.0.0.9"), "2:82", "found \"10.0.0.9\", expected a public IPv4 address"),
      Mistake(launch("elastic_ip: 100.64.0.9"), "2:83", "expected a public IPv4 address"),
      Mistake(launch("public_ip: 224.0.0.9"), "2:82", "expected a public IPv4 address"),
      Mistake(
        "events:\n- {at: +1s, associate: {address: 10.0.0.5, instance: web-1}}", "2:34",
        "found \"10.0.0.5\", expected a public IPv4 address"),
      // LC-2: an instance is launched pending, or running.
      Mistake(launch("state: stopping"), "2:78", "found \"stopping\", expected one of pending, running"),
      // One of two keys that say different things.
      Mistake(
        "events:\n- {at: +1s, delete_entry: {acl: acl-vpc-a, inbound: 100, outbound: 100}}", "2:68",
        "found both \"inbound\" and \"outbound\", expected one of them"),
      Mistake(
        "events:\n- {at: +1s, associate: {address: 198.51.100.99, instance: web-1, interface: eni-app}}",
        "2:77", "found both \"instance\" and \"interface\""),
      Mistake(
        "events:\n- {at: +1s, set_groups: {interface: eni-app, instance: web-1, groups: [web]}}", "2:56",
        "found both \"interface\" and \"instance\""),
      Mistake(
        "events:\n- {at: +1s, source_dest_check: {interface: eni-app, instance: web-1, is: off}}", "2:63",
        "found both \"interface\" and \"instance\""),
      Mistake(
        launch("public_ip: 198.51.100.8, elastic_ip: 198.51.100.9"), "2:108",
        "found both \"public_ip\" and \"elastic_ip\""),
      Mistake(launch("key: a, key_pair: b"), "2:76", "found both \"key\" and \"key_pair\""),
      Mistake(
        launch("elastic_ip: 198.51.100.9, elastic: false"), "2:106",
        "found \"elastic: false\" with \"elastic_ip\""),
    ])
  func mistakes(_ mistake: Mistake) throws {
    let error = #expect(throws: (any Error).self) { try timeline(mistake.text, file: "e.yaml") }
    let text = "\(try #require(error))"
    #expect(text.hasPrefix("e.yaml:\(mistake.place): "), "\(text)")
    #expect(text.contains(mistake.says), "\(text)")
  }

  // MARK: CloudTrail

  /// An event as CloudTrail records it.
  private func event(
    _ name: String, at time: String, _ request: String, _ response: String = "null", more: String = ""
  )
    -> String
  {
    """
    {"eventVersion": "1.10", "userIdentity": {"type": "IAMUser", "userName": "alice"}, "eventTime": "\(time)",
     "eventSource": "ec2.amazonaws.com", "eventName": "\(name)", "awsRegion": "eu-west-1",
     "sourceIPAddress": "203.0.113.7", "userAgent": "aws-cli/2.15.0", \(more)
     "requestParameters": \(request), "responseElements": \(response), "requestID": "r", "eventID": "e",
     "readOnly": false, "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": "123456789012"}
    """
  }

  @Test("CloudTrail's calls become changes")
  func cloudTrail() throws {
    let t = "2026-01-05T09:00:0"
    let permission = """
      {"items": [{"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "groups": {}, "prefixListIds": {}, "ipv6Ranges": {},
        "ipRanges": {"items": [{"cidrIp": "203.0.113.0/24", "description": "office"}]}}]}
      """
    let records = [
      event(
        "AuthorizeSecurityGroupIngress", at: t + "0Z",
        #"{"groupId": "sg-web", "ipPermissions": \#(permission)}"#,
        #"""
        {"requestId": "r", "_return": true, "securityGroupRuleSet": {"items": [{"groupOwnerId": "123456789012",
         "groupId": "sg-web", "securityGroupRuleId": "sgr-07", "isEgress": false, "ipProtocol": "tcp", "fromPort": 22,
         "toPort": 22, "cidrIpv4": "203.0.113.0/24"}]}}
        """#),
      event(
        "RevokeSecurityGroupIngress", at: t + "1Z",
        #"{"groupId": "sg-web", "securityGroupRuleIds": {"items": [{"securityGroupRuleId": "sgr-07"}]}}"#),
      event(
        "AuthorizeSecurityGroupEgress", at: t + "1Z",
        #"""
        {"groupId": "sg-app", "ipPermissions": {"items": [{"ipProtocol": "-1", "groups": {"items": [{"groupId": "sg-db",
         "userId": "123456789012"}]}, "ipRanges": {}, "ipv6Ranges": {}, "prefixListIds": {}}]}}
        """#),
      event(
        "ModifyNetworkInterfaceAttribute", at: t + "2Z",
        #"{"networkInterfaceId": "eni-app", "groupSet": {"items": [{"groupId": "sg-db"}]}}"#),
      event(
        "CreateNetworkAclEntry", at: t + "3Z",
        #"""
        {"networkAclId": "acl-vpc-a", "ruleNumber": 50, "egress": false, "ruleAction": "deny", "icmpTypeCode": {},
         "portRange": {"from": 22, "to": 23}, "cidrBlock": "203.0.113.0/24", "aclProtocol": "6"}
        """#),
      event(
        "DeleteNetworkAclEntry", at: t + "4Z",
        #"{"networkAclId": "acl-vpc-a", "ruleNumber": 50, "egress": false}"#),
      event(
        "CreateRoute", at: t + "5Z",
        #"{"routeTableId": "rtb-db", "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1"}"#),
      event(
        "ReplaceRoute", at: t + "6Z",
        #"{"routeTableId": "rtb-db", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}"#),
      event("DeleteRoute", at: t + "7Z", #"{"routeTableId": "rtb-db", "destinationCidrBlock": "0.0.0.0/0"}"#),
      event(
        "AssociateAddress", at: t + "8Z", #"{"allocationId": "eipalloc-1", "instanceId": "i-web"}"#,
        #"{"requestId": "r", "_return": true, "associationId": "eipassoc-7"}"#),
      event("DisassociateAddress", at: t + "9Z", #"{"associationId": "eipassoc-7"}"#),
      event(
        "StopInstances", at: "2026-01-05T09:00:10Z",
        #"{"instancesSet": {"items": [{"instanceId": "i-web"}]}, "force": false}"#,
        #"""
        {"instancesSet": {"items": [{"instanceId": "i-web", "currentState": {"code": 64, "name": "stopping"},
         "previousState": {"code": 16, "name": "running"}}]}}
        """#),
      event(
        "StartInstances", at: "2026-01-05T09:00:11Z",
        #"{"instancesSet": {"items": [{"instanceId": "i-web"}]}}"#),
      event(
        "TerminateInstances", at: "2026-01-05T09:00:12Z",
        #"{"instancesSet": {"items": [{"instanceId": "i-web"}]}}"#),
      event(
        "RunInstances", at: "2026-01-05T09:00:13Z",
        #"{"instancesSet": {"items": [{"imageId": "ami-1", "minCount": 1, "maxCount": 1}]}, "instanceType": "t3.micro"}"#,
        #"""
        {"reservationId": "r-1", "ownerId": "123456789012", "instancesSet": {"items": [{"instanceId": "i-new",
         "imageId": "ami-1", "instanceState": {"code": 0, "name": "pending"}, "privateIpAddress": "10.0.0.77",
         "subnetId": "subnet-pub", "vpcId": "vpc-a", "keyName": "ops", "instanceType": "t3.micro",
         "placement": {"availabilityZone": "eu-west-1a"}, "groupSet": {"items": [{"groupId": "sg-web"}]},
         "networkInterfaceSet": {"items": [{"networkInterfaceId": "eni-new", "subnetId": "subnet-pub",
          "vpcId": "vpc-a", "privateIpAddress": "10.0.0.77", "sourceDestCheck": true,
          "attachment": {"attachmentId": "eni-attach-1", "deviceIndex": 0, "status": "attaching", "deleteOnTermination": true},
          "groupSet": {"items": [{"groupId": "sg-web"}]},
          "privateIpAddressesSet": {"item": [{"privateIpAddress": "10.0.0.77", "primary": true}]}}]}}]}}
        """#),
    ]
    // Times are shuffled: a log file's order is not one of time.
    let log = #"{"Records": [\#(([records.last!] + records.dropLast()).joined(separator: ","))]}"#
    #expect(
      try changes(log) == [
        "0: add inbound rule tcp 22 from 203.0.113.0/24 to sg-web", "1: remove inbound rule sgr-07 of sg-web",
        "1: add outbound rule all to sg-db to sg-app", "2: set the groups of eni-app to sg-db",
        "3: create inbound entry 50 deny tcp 22-23 from 203.0.113.0/24 of acl-vpc-a",
        "4: delete inbound entry 50 of acl-vpc-a", "5: create route 0.0.0.0/0 -> nat-1 in rtb-db",
        "6: replace route 0.0.0.0/0 -> igw-1 in rtb-db", "7: delete route to 0.0.0.0/0 from rtb-db",
        "8: associate 198.51.100.99 with i-web", "9: disassociate 198.51.100.99", "10: stop i-web",
        "11: start i-web", "12: terminate i-web", "13: run i-new with 10.0.0.77 in subnet-pub",
      ])
  }

  @Test("Single events, lists, lines, lookup-events and EventBridge are read alike")
  func wrappings() throws {
    let stop = event(
      "StopInstances", at: "2026-01-05T09:00:10Z", #"{"instancesSet": {"items": [{"instanceId": "i-web"}]}}"#)
    let oneLine = stop.replacing("\n", with: " ")
    let quoted = oneLine.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    for text in [
      stop, "[\(stop)]", oneLine + "\n", #"{"Events": [{"EventId": "e", "CloudTrailEvent": "\#(quoted)"}]}"#,
      #"{"version": "0", "detail-type": "AWS API Call via CloudTrail", "time": "2026-01-05T09:00:11Z", "detail": \#(stop)}"#,
    ] {
      #expect(try changes(text) == ["10: stop i-web"])
    }
    let bridged = #"""
      {"version": "0", "detail-type": "EC2 Instance State-change Notification", "source": "aws.ec2",
       "time": "2026-01-05T09:00:20Z", "detail": {"instance-id": "i-web", "state": "stopping"}}
      """#
    #expect(try changes(bridged) == ["20: i-web is stopping"])
  }

  @Test("Failed and reading calls are passed over in silence, unmodelled and unfitting ones with a warning")
  func passedOver() throws {
    let records = [
      event(
        "StopInstances", at: "2026-01-05T09:00:10Z",
        #"{"instancesSet": {"items": [{"instanceId": "i-web"}]}}"#,
        more: #""errorCode": "Client.UnauthorizedOperation", "errorMessage": "no","#),
      event("DescribeInstances", at: "2026-01-05T09:00:10Z", "{}"),
      event("CreateTags", at: "2026-01-05T09:00:10Z", "{}"),
      event("DetachInternetGateway", at: "2026-01-05T09:00:10Z", "{}"),
      event(
        "StopInstances", at: "2026-01-05T09:00:11Z",
        #"{"instancesSet": {"items": [{"instanceId": "i-other"}]}}"#),
    ]
    let timeline = try timeline(#"{"Records": [\#(records.joined(separator: ","))]}"#, file: "trail.json")
    #expect(timeline.events.isEmpty)
    #expect(timeline.warnings.count == 2)
    #expect(timeline.warnings[0].contains("1 DetachInternetGateway event is not modelled"))
    #expect(timeline.warnings[1].hasPrefix("trail.json: $.Records[4]: StopInstances at 2026-01-05T09:00:11"))
    #expect(timeline.warnings[1].contains("the network has no instance i-other"))
  }

  @Test(
    "What holds no events is an error",
    arguments: ["", "  \n", "{}", "[]", "{\"Records\": 3}", "{\"Records\": [", "12", "events: 3"])
  func noEvents(_ text: String) {
    #expect(throws: (any Error).self) { try timeline(text) }
  }

  @Test("Hostile events are refused or read, and nothing traps")
  func hostile() throws {
    let seeds = [
      event(
        "RunInstances", at: "2026-01-05T09:00:13Z", "{}",
        #"{"instancesSet": {"items": [{"instanceId": "i-1"}]}}"#),
      event(
        "CreateNetworkAclEntry", at: "2026-01-05T09:00:13Z",
        #"{"networkAclId": "acl-vpc-a", "ruleNumber": 99999999999}"#),
      event("AuthorizeSecurityGroupIngress", at: "9999-99-99T99:99:99Z", #"{"groupId": 7}"#),
      "events:\n- {at: +1e400s, stop: web-1}\n", "events:\n- {at: +99999999999999h, stop: web-1}\n",
    ]
    for text in seeds {
      for end in stride(from: 0, through: text.utf8.count, by: 7) {
        _ = try? timeline(String(decoding: text.utf8.prefix(end), as: UTF8.self))
      }
      _ = try? timeline(text)
    }
  }

  struct Foreign: Sendable, CustomTestStringConvertible {
    var bytes: [UInt8]
    var found: String
    var testDescription: String { found }
  }

  @Test(
    "What was given by mistake is named",
    arguments: [
      Foreign(bytes: [], found: "nothing: it is empty"),
      Foreign(bytes: [0x0a], found: "nothing: it is empty"),
      Foreign(bytes: [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0], found: "a packet capture"),
      Foreign(bytes: [0x50, 0x4b, 3, 4], found: "an archive"),
      Foreign(bytes: Array("vpcs: {v: {cidr: 10.0.0.0/16}}\n".utf8), found: "a network (\"vpcs\""),
      Foreign(bytes: Array("{\"Vpcs\": []}".utf8), found: "JSON without events of AWS CloudTrail"),
    ])
  func mistaken(_ input: Foreign) throws {
    let error = #expect(throws: EventError.self) { try EventFile(parsing: input.bytes, file: "e") }
    let text = try #require(error).description
    #expect(text.hasPrefix("e: found \(input.found)"), "\(text)")
    #expect(text.contains("expected Sallyport's YAML (events: …), or log files or events of AWS CloudTrail"))
  }

  @Test("A trail with too many events is refused")
  func tooManyEvents() throws {
    func trail(_ count: Int) -> [UInt8] {
      let records = (0..<count).map { number in
        #"""
        {"eventTime": "2026-01-05T09:00:0\#(number)Z", "eventSource": "ec2.amazonaws.com", "eventName": "StopInstances",
         "requestParameters": {"instancesSet": {"items": [{"instanceId": "i-1"}]}}}
        """#
      }
      return Array("{\"Records\": [\(records.joined(separator: ","))]}".utf8)
    }
    #expect(try CloudTrailReader(trail(3), file: "trail.json", limit: 3).events.count == 3)
    #expect(throws: PolicyFormatError.tooLarge(path: "trail.json", what: "too many events", limit: 3)) {
      try CloudTrailReader(trail(4), file: "trail.json", limit: 3)
    }
  }
}
