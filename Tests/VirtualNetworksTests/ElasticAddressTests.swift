import NetworkTypes
import TestSupport
import Testing
import VirtualNetworks

@Suite("Elastic addresses")
struct ElasticAddressTests {
  /// The semantics network, with `eni-web` on the running instance `i-web`.
  private static var world: VirtualNetwork {
    var world = SemanticsNetwork()
    world.interface("eni-web") { $0.instance = "i-web" }
    world.network.instances = [Instance(id: "i-web", networkInterfaces: ["eni-web"])]
    return world.network
  }

  @Test(
    "An instance that loses its Elastic address gets a public one again, where it had one by itself (AD-10)")
  func disassociation() throws {
    let elastic = IPv4Address("198.51.100.99")!
    let gift = "i-web gets a new public address, which is not known"
    let freed = "198.51.100.99 is disassociated, and still allocated"
    func effects(_ prepare: (inout VirtualNetwork) throws -> Void) throws -> [String] {
      var network = Self.world
      try prepare(&network)
      let effects = try network.apply(.disassociateAddress(elastic)).effects
      #expect(
        network.networkInterfaces.contains { $0.ipv4Addresses.contains(where: \.hasUnknownPublicAddress) }
          == effects.contains(gift))
      return effects
    }
    func associate(_ network: inout VirtualNetwork) throws {
      try network.apply(.associateAddress(.init(elastic, with: .instance("i-web"))))
    }
    #expect(try effects(associate) == [freed, gift])
    // The address stays through a stop, and what was before it is still known.
    let restarted = try effects { network in
      try associate(&network)
      for action in [InstanceAction.stop, .start] { try network.apply(.instance("i-web", action)) }
    }
    #expect(restarted == [freed, gift])
    // The input begins with the Elastic address: the subnet says whether there would be another one.
    func elasticFromTheStart(_ network: inout VirtualNetwork) {
      network.networkInterfaces[0].ipv4Addresses[0] = .init(
        IPv4Address("10.0.0.10")!, publicAddress: elastic, isElastic: true)
    }
    #expect(try effects(elasticFromTheStart) == [freed])
    for stops in [false, true] {
      let given = try effects { network in
        elasticFromTheStart(&network)
        network.subnets[0].mapsPublicAddressOnLaunch = true
        guard stops else { return }
        for action in [InstanceAction.stop, .start] { try network.apply(.instance("i-web", action)) }
      }
      #expect(given == [freed, gift])
    }
    // Not while it is stopped, and not beside a second interface.
    let stopped = try effects { network in
      try associate(&network)
      try network.apply(.instance("i-web", .stop))
    }
    #expect(stopped == [freed])
    let second = try effects { network in
      try associate(&network)
      network.networkInterfaces[1].instance = "i-web"
      network.networkInterfaces[1].deviceIndex = 1
    }
    #expect(second == [freed])
    // What another interface takes over is taken away like this, too.
    var network = Self.world
    try associate(&network)
    let moved = try network.apply(.associateAddress(.init(elastic, with: .interface("eni-db"))))
    #expect(moved.effects == [freed, gift])
    // Within the interface it stays the only one.
    network = Self.world
    try associate(&network)
    network.networkInterfaces[0].ipv4Addresses.append(.init(IPv4Address("10.0.0.11")!))
    let within = try network.apply(
      .associateAddress(
        .init(elastic, with: .instance("i-web"), privateAddress: IPv4Address("10.0.0.11")!)))
    #expect(within.effects == [freed])
  }
}
