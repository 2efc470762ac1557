import NetworkTypes
import RuleMatching
import TestSupport
import Testing
import VirtualNetworks

@Suite("Network changes")
struct NetworkChangeTests {
  /// The semantics network, with `eni-web` on the running instance `i-web`.
  private static var world: VirtualNetwork {
    var world = SemanticsNetwork()
    world.interface("eni-web") { $0.instance = "i-web" }
    world.network.instances = [
      Instance(
        id: "i-web", networkInterfaces: ["eni-web"],
        volumes: [
          .init(id: "vol-root", device: "/dev/xvda", isRoot: true, deletesOnTermination: true),
          .init(id: "vol-data", device: "/dev/sdb"),
        ])
    ]
    return world.network
  }

  private static func address(_ network: VirtualNetwork) -> NetworkInterface.PrivateAddress {
    network.networkInterfaces.first { $0.id == "eni-web" }!.ipv4Addresses[0]
  }

  private static func rule(_ text: String) -> Match { try! Match.parse(text).match }

  // MARK: Rules

  @Test("A rule is added and removed by all that it says; a second one like it is refused (SG-20)")
  func rules() throws {
    var network = Self.world
    let rule = SecurityGroupRule(id: "sgr-1", match: Self.rule("tcp 443 from 0.0.0.0/0"))
    try network.apply(.addRule(group: "sg-web", .ingress, rule))
    let web = network.securityGroups.first { $0.id == "sg-web" }!
    #expect(web.inbound.last == rule)
    let again = #expect(throws: NetworkChangeError.self) {
      try network.apply(.addRule(group: "sg-web", .ingress, rule))
    }
    #expect(again?.code == "InvalidPermission.Duplicate")
    try network.apply(.removeRule(group: "sg-web", .ingress, .match(rule.match)))
    let gone = #expect(throws: NetworkChangeError.self) {
      try network.apply(.removeRule(group: "sg-web", .ingress, .id("sgr-1")))
    }
    #expect(gone?.code == "InvalidPermission.NotFound")
    #expect(gone?.description.contains("all from 0.0.0.0/0") ?? false)
    let unknown = #expect(throws: NetworkChangeError.self) {
      try network.apply(.addRule(group: "sg-wep", .ingress, rule))
    }
    #expect(
      unknown?.description == "the network has no security group sg-wep; nearest: sg-web, sg-app, sg-db"
        || unknown?.description.contains("nearest: sg-web") ?? false)
  }

  @Test("Entries of an ACL keep their order by number; the final deny stays (NACL-2, NACL-4)")
  func entries() throws {
    var network = Self.world
    let deny = NetworkACLEntry(
      number: 50, action: .deny, traffic: .tcp(PortRange(22)), prefix: IPPrefix("203.0.113.0/24")!)
    try network.apply(.createEntry(acl: "acl-vpc-a", .ingress, deny))
    #expect(network.networkACLs[0].inbound.map(\.number) == [50, 100, 101])
    #expect(network.networkACLs[0].outbound.map(\.number) == [100, 101])
    #expect(throws: NetworkChangeError.self) {
      try network.apply(.createEntry(acl: "acl-vpc-a", .ingress, deny))
    }
    var allow = deny
    allow.action = .allow
    try network.apply(.replaceEntry(acl: "acl-vpc-a", .ingress, allow))
    #expect(network.networkACLs[0].inbound[0].action == .allow)
    try network.apply(.deleteEntry(acl: "acl-vpc-a", .ingress, number: 50))
    #expect(network.networkACLs[0].inbound.map(\.number) == [100, 101])
    let missing = #expect(throws: NetworkChangeError.self) {
      try network.apply(.deleteEntry(acl: "acl-vpc-a", .ingress, number: 50))
    }
    #expect(missing?.code == "InvalidNetworkAclEntry.NotFound")
    var last = deny
    last.number = 32767
    #expect(throws: NetworkChangeError.self) {
      try network.apply(.createEntry(acl: "acl-vpc-a", .ingress, last))
    }
  }

  @Test("Routes are created, replaced and deleted; the local one stays (RT-3, RT-8, RT-9)")
  func routes() throws {
    var network = Self.world
    func route(_ destination: String, _ target: Route.Target) -> Route {
      Route(destination: .prefix(IPPrefix(destination)!), target: target)
    }
    try network.apply(.createRoute(table: "rtb-db", route("0.0.0.0/0", .natGateway("nat-1"))))
    let twice = #expect(throws: NetworkChangeError.self) {
      try network.apply(.createRoute(table: "rtb-db", route("0.0.0.0/0", .internetGateway("igw-1"))))
    }
    #expect(twice?.code == "RouteAlreadyExists")
    try network.apply(.replaceRoute(table: "rtb-db", route("0.0.0.0/0", .internetGateway("igw-1"))))
    #expect(network.routeTables.first { $0.id == "rtb-db" }?.routes.last?.target == .internetGateway("igw-1"))
    try network.apply(.deleteRoute(table: "rtb-db", .prefix(.v4(.everything))))
    let refused: [NetworkChange] = [
      .deleteRoute(table: "rtb-db", .prefix(.v4(.everything))),
      .deleteRoute(table: "rtb-db", .prefix(IPPrefix("10.0.0.0/16")!)),
      .replaceRoute(table: "rtb-db", route("192.0.2.0/24", .natGateway("nat-1"))),
      .createRoute(table: "rtb-db", route("169.254.168.0/24", .natGateway("nat-1"))),
      .createRoute(table: "rtb-db", route("10.0.1.128/25", .networkInterface("eni-web"))),
      .createRoute(table: "rtb-db", route("0.0.0.0/0", .egressOnlyGateway("eigw-1"))),
    ]
    for change in refused {
      let before = network
      #expect(throws: NetworkChangeError.self, "\(change)") { try network.apply(change) }
      #expect(network == before)
    }
    try network.apply(.createRoute(table: "rtb-db", route("10.0.1.0/24", .networkInterface("eni-web"))))
  }

  // MARK: Instances

  @Test("A stop takes the automatic public address, the next start gives another (LC-3, AD-10)")
  func stopAndStart() throws {
    var network = Self.world
    let stopped = try network.apply(.instance("i-web", .stop))
    #expect(network.instances[0].state == .stopped)
    #expect(Self.address(network).publicAddress == nil)
    #expect(stopped.effects.contains("198.51.100.10 is released"))
    try network.apply(.instance("i-web", .start))
    #expect(network.instances[0].state == .running)
    #expect(Self.address(network).publicAddress == nil)
    #expect(Self.address(network).hasUnknownPublicAddress)
  }

  @Test("A stop says what is kept and what is billed, of what there is (LC-3, LC-4)")
  func effectsOfAStop() throws {
    var network = Self.world
    network.networkInterfaces[0].ipv6Addresses = []
    #expect(
      try network.apply(.instance("i-web", .stop)).effects == [
        "198.51.100.10 is released", "i-web keeps its private addresses, interface and EBS volumes",
        "i-web is not billed until it starts, apart from its EBS volumes",
      ])
    #expect(
      try network.apply(.instance("i-web", .start)).effects.last == "i-web is billed from here on")
    network.instances[0].volumes = []
    try network.apply(.associateAddress(.init(IPv4Address("198.51.100.99")!, with: .instance("i-web"))))
    #expect(
      try network.apply(.instance("i-web", .stop)).effects == [
        "i-web keeps its private addresses, Elastic address and interface",
        "i-web is not billed until it starts, apart from its Elastic address",
      ])
    // What is not billed does not cease to be.
    let gone = try network.apply(.instance("i-web", .terminate))
    #expect(!gone.effects.contains { $0.contains("billed") })
  }

  @Test("An Elastic address stays through stop and start, and is freed by terminate (LC-3, AD-11)")
  func elasticAddress() throws {
    var network = Self.world
    let elastic = IPv4Address("198.51.100.99")!
    let associated = try network.apply(
      .associateAddress(.init(elastic, with: .instance("i-web"), allocation: "eipalloc-1")))
    #expect(associated.effects == ["198.51.100.10 is released"])
    for action in [InstanceAction.stop, .start, .reboot] {
      try network.apply(.instance("i-web", action))
      #expect(Self.address(network).publicAddress == elastic, "\(action)")
    }
    #expect(network.elasticAddresses.first?.instance == "i-web")
    try network.apply(.instance("i-web", .terminate))
    #expect(Self.address(network).publicAddress == nil)
    #expect(network.elasticAddresses.map(\.instance) == [nil])
    #expect(throws: NetworkChangeError.self) {
      try network.apply(.associateAddress(.init(elastic, with: .instance("i-web"))))
    }
  }

  @Test("No new public address after a start where there is a second interface (AD-10)")
  func secondInterface() throws {
    var network = Self.world
    network.networkInterfaces[1].instance = "i-web"
    network.networkInterfaces[1].deviceIndex = 1
    try network.apply(.instance("i-web", .stop))
    try network.apply(.instance("i-web", .start))
    #expect(!network.networkInterfaces.contains { $0.ipv4Addresses.contains { $0.hasUnknownPublicAddress } })
  }

  @Test(
    "Terminate deletes the primary interface and flagged volumes, bars routes, and is final (LC-3, LC-5, LC-10, RT-11)"
  )
  func terminate() throws {
    var network = Self.world
    network.networkInterfaces[1].instance = "i-web"
    network.networkInterfaces[1].deviceIndex = 1
    try network.apply(
      .createRoute(
        table: "rtb-db",
        Route(destination: .prefix(IPPrefix("203.0.113.0/24")!), target: .instance("i-web"))))
    let applied = try network.apply(.instance("i-web", .terminate))
    #expect(network.networkInterfaces[0].isDeleted)
    #expect(network.networkInterfaces[0].privatePrefixes.isEmpty)
    #expect(!network.networkInterfaces[1].isDeleted && !network.networkInterfaces[1].isAttached)
    #expect(applied.effects.contains("vol-root is deleted"))
    #expect(applied.effects.contains("vol-data stays, detached"))
    #expect(network.routeTables.first { $0.id == "rtb-db" }?.routes.last?.isBlackhole == true)
    let error = #expect(throws: NetworkChangeError.self) { try network.apply(.instance("i-web", .start)) }
    #expect(error?.description == "instance i-web is terminated; start needs pending, running or stopped")
    #expect(error?.code == "IncorrectInstanceState")
  }

  @Test("What cannot stop, hibernate or be terminated says why (LC-2, LC-7)")
  func refusals() throws {
    var network = Self.world
    #expect(throws: NetworkChangeError.self) { try network.apply(.instance("i-web", .hibernate)) }
    network.instances[0].canHibernate = true
    try network.apply(.instance("i-web", .hibernate))
    #expect(network.instances[0].state == .stopped)
    network.instances[0].state = .running
    network.instances[0].rootDevice = .instanceStore
    #expect(throws: NetworkChangeError.self) { try network.apply(.instance("i-web", .stop)) }
    for state in [InstanceState.stopping, .stopped] {
      let error = #expect(throws: NetworkChangeError.self) {
        try network.apply(.setState(instance: "i-web", state))
      }
      #expect(
        error?.description
          == "i-web: its root volume is instance store: it can be rebooted or terminated, not stopped")
    }
    network.instances[0].isProtectedFromTermination = true
    #expect(throws: NetworkChangeError.self) { try network.apply(.instance("i-web", .terminate)) }
  }

  @Test("A state that is reported is reached by the shortest legal way, with what it brings")
  func reportedStates() throws {
    var network = Self.world
    try network.apply(.setState(instance: "i-web", .stopping))
    #expect(Self.address(network).publicAddress != nil)
    try network.apply(.setState(instance: "i-web", .stopped))
    #expect(Self.address(network).publicAddress == nil)
    try network.apply(.setState(instance: "i-web", .terminated))
    #expect(network.networkInterfaces[0].isDeleted)
    #expect(throws: NetworkChangeError.self) { try network.apply(.setState(instance: "i-web", .running)) }
  }

  @Test("A launch takes a free address of its subnet, and the VPC's default group where none is named (SG-7)")
  func run() throws {
    var network = Self.world
    network.securityGroups.append(SecurityGroup(id: "sg-default", groupName: "default", vpc: "vpc-a"))
    func launch(_ id: String, _ address: String, public publicAddress: String? = nil) -> NetworkChange {
      .run(
        Instance(id: ResourceID("i-" + id)),
        [
          NetworkInterface(
            id: ResourceID("eni-" + id), vpc: "vpc-a", subnet: "subnet-pub",
            ipv4Addresses: [
              .init(IPv4Address(address)!, publicAddress: publicAddress.map { IPv4Address($0)! })
            ])
        ])
    }
    // A public address is one host's, be it an instance or a NAT gateway.
    for (taken, holder) in [("198.51.100.10", "eni-web"), ("198.51.100.220", "eni-nat")] {
      let error = #expect(throws: NetworkChangeError.self) {
        try network.apply(launch("new", "10.0.0.77", public: taken))
      }
      #expect(error?.description == "i-new: \(taken) is in use by \(holder)")
    }
    var hidden = network
    hidden.networkInterfaces.removeAll { $0.id == "eni-nat" }
    #expect(throws: NetworkChangeError.refused("i-new", "198.51.100.220 is in use by nat-1")) {
      try hidden.apply(launch("new", "10.0.0.77", public: "198.51.100.220"))
    }
    // An allocated address that comes with a launch is held by it.
    var held = network
    let allocated = ElasticAddress(id: "eipalloc-1", publicAddress: IPv4Address("198.51.100.99")!)
    held.elasticAddresses = [allocated]
    try held.apply(launch("new", "10.0.0.77", public: "198.51.100.99"))
    #expect(held.elasticAddresses[0].networkInterface == "eni-new")
    #expect(throws: NetworkChangeError.self) { try held.apply(.releaseAddress(allocated.publicAddress)) }
    #expect(throws: NetworkChangeError.self) { try network.apply(launch("new", "10.0.0.10")) }
    #expect(throws: NetworkChangeError.self) { try network.apply(launch("new", "10.0.9.10")) }
    // AD-6: the first four addresses of a subnet and the last are AWS's own.
    for address in ["10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.255"] {
      let error = #expect(throws: NetworkChangeError.self) { try network.apply(launch("new", address)) }
      #expect(
        error?.description.contains("\(address) is reserved: AWS keeps the first four addresses") ?? false)
    }
    for address in ["10.0.0.4", "10.0.0.254"] {
      var other = network
      try other.apply(launch("new", address))
    }
    try network.apply(.instance("i-web", .terminate))
    try network.apply(launch("new", "10.0.0.10"))
    #expect(network.networkInterfaces.last?.groups == ["sg-default"])
    #expect(network.networkInterfaces[0].ipv4Addresses.isEmpty)
    #expect(network.instances.last?.vpc == "vpc-a")
  }

  // MARK: Groups and associations

  @Test("A group is deleted when nothing carries or names it; its name is free then (SG-6)")
  func groups() throws {
    var network = Self.world
    let late = SecurityGroup(id: "sg-late", groupName: "late", vpc: "vpc-a")
    try network.apply(.createGroup(late))
    #expect(try network.resource(.securityGroup, named: "late") == "sg-late")
    #expect(throws: NetworkChangeError.self) { try network.apply(.createGroup(late)) }
    var namesake = late
    namesake.id = "sg-later"
    #expect(throws: NetworkChangeError.self) { try network.apply(.createGroup(namesake)) }
    try network.apply(
      .addRule(
        group: "sg-web", .ingress, SecurityGroupRule(id: "sgr-1", match: Self.rule("all from sg-late"))))
    let named = #expect(throws: NetworkChangeError.self) { try network.apply(.deleteGroup("sg-late")) }
    #expect(named?.description == "sg-late: cannot be deleted while a rule of sg-web names it")
    let carried = #expect(throws: NetworkChangeError.self) { try network.apply(.deleteGroup("sg-web")) }
    #expect(carried?.description == "sg-web: cannot be deleted while eni-web carries it")
    try network.apply(.removeRule(group: "sg-web", .ingress, .id("sgr-1")))
    try network.apply(.deleteGroup("sg-late"))
    for change in [
      NetworkChange.deleteGroup("sg-late"), .setGroups(interface: "eni-web", ["sg-late"]),
      .addRule(
        group: "sg-late", .ingress, SecurityGroupRule(id: "", match: Self.rule("all from 10.0.0.0/8"))),
    ] {
      #expect(throws: NetworkChangeError.self, "\(change)") { try network.apply(change) }
    }
    try network.apply(.createGroup(namesake))
    #expect(try network.resource(.securityGroup, named: "late") == "sg-later")
  }

  @Test("A subnet has one ACL and one route table (NACL-1, RT-1)")
  func associations() throws {
    var network = Self.world
    try network.apply(.associateTable("rtb-priv", subnet: "subnet-db", id: "rtbassoc-7"))
    #expect(network.routeTables.filter { $0.subnets.contains("subnet-db") }.map(\.id) == ["rtb-priv"])
    #expect(network.routeTables.first { $0.id == "rtb-priv" }?.associations == ["subnet-db": "rtbassoc-7"])
    try network.apply(.associateTable("rtb-pub", subnet: "subnet-db", id: nil))
    #expect(!network.routeTables.contains { !$0.associations.isEmpty })
    try network.apply(.disassociateTable(subnet: "subnet-db"))
    #expect(!network.routeTables.contains { $0.subnets.contains("subnet-db") })
    #expect(throws: NetworkChangeError.self) { try network.apply(.disassociateTable(subnet: "subnet-db")) }
    #expect(throws: NetworkChangeError.self) {
      try network.apply(.associateACL("acl-vpc-b", subnet: "subnet-db", id: nil))
    }
    try network.apply(.associateACL("acl-vpc-a", subnet: "subnet-db", id: nil))
    #expect(network.networkACLs[0].subnets == ["subnet-db"])
  }
}
