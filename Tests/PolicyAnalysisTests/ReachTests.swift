import Filtering
import NetworkTypes
import RuleMatching
import TestSupport
import Testing
import VirtualNetworks

@testable import PolicyAnalysis

@Suite("Questions about every packet")
struct ReachTests {
  @Test("Every packet near an edge of a random network is in one region, and meets its fate")
  func randomNetworks() throws {
    var random = SeededRandom.fresh("Reach")
    for _ in 0..<(80) {
      var scene = ReachScene(seed: random.next(), hasPublicBlocks: true)
      try scene.check(addresses: scene.addressesNearEdges, limit: 600)
    }
  }

  @Test("In a small world the answer is that of all its packets, one by one")
  func smallWorlds() throws {
    var random = SeededRandom.fresh("Small worlds")
    var seen: Set<PacketClass> = []
    var worlds = 0
    // Few small worlds have something unknown in them: some more are looked at until one had.
    while worlds < 40 || (seen.count < 3 && worlds < 400) {
      var scene = ReachScene(seed: random.next(), hasPublicBlocks: false)
      scene.shrinkToBlocks()
      seen.formUnion(try scene.check(addresses: scene.addressesOfBlocks, limit: .max))
      worlds += 1
    }
    #expect(seen == [.allow, .deny, .unknown])
  }

  @Test("A question with more kinds of packets than the limit is an error, after those within it")
  func kindsBeyondTheLimit() throws {
    let scene = ReachScene(seed: 7, hasPublicBlocks: false)
    let analyzer = ReachAnalyzer(PacketFilter(scene.world.network))
    var question = scene.question
    question.sources = [.internet]
    question.destinations = scene.world.network.networkInterfaces.indices.map { .interface($0) }
    var most = 0
    try analyzer.visit(question, limit: .max) { _ in
      most += 1
      return true
    }
    #expect(most > 3)
    var seen = 0
    #expect(throws: ReachError.tooManyKinds(limit: 3)) {
      try analyzer.visit(question, limit: 3) { _ in
        seen += 1
        return true
      }
    }
    #expect(seen >= 3 && seen < most)
  }
}

/// A random network with a random question about it.
struct ReachScene {
  let seed: UInt64
  private var choices: Choices
  let world: RandomNetwork
  var question: ReachQuestion
  private var services: [ServiceKey] = []
  private var sourcePorts: [UInt16] = [
    0, 22, 25, 67, 68, 80, 443, 546, 547, 1023, 1024, 1025, 32767, 32768, 49152, 50000, 50001, 65535,
  ]
  private var blocks: [IPPrefix] = []

  init(seed: UInt64, hasPublicBlocks: Bool) {
    self.seed = seed
    world = RandomNetwork(Choices(random: SeededRandom(seed: seed)), hasPublicBlocks: hasPublicBlocks)
    choices = Choices(random: SeededRandom(seed: seed ^ 0x5a11))
    question = ReachQuestion(from: [], to: [], services: .empty)
    question.sources = ends()
    question.destinations = ends()
    chooseServices()
    if choices.chance(30) { question.sourcePorts = IntervalSet(1024...65535) }
    if choices.chance(20) { question.isRoundTrip = choices.chance(50) }
    question.includesPublicAddresses = choices.chance(40)
  }

  private mutating func ends() -> [ReachQuestion.End] {
    (0..<choices.number(1...3)).map { _ in
      switch choices.number(0...9) {
      case 0...4: .interface(choices.number(0...(world.network.networkInterfaces.count - 1)))
      case 5...6: .internet
      default:
        .prefix(
          IPPrefix(choices.one(of: places), length: choices.one(of: [0, 8, 24, 27, 28, 31, 32, 64, 128])))
      }
    }
  }

  private var places: [IPAddress] {
    let owned = world.owned
    return owned + owned + RandomNetwork.outsiders
  }

  private mutating func chooseServices() {
    let ports: [UInt16] = [0, 22, 24, 25, 26, 53, 67, 68, 80, 81, 443, 546, 1023, 1024, 5432, 50000, 65535]
    switch choices.number(0...5) {
    case 0:
      question.services = .everyService
      services = ports.prefix(4).flatMap { [ServiceKey(.tcp, port: $0), ServiceKey(.udp, port: $0)] }
      services += [2, 47, 50, 132].map { ServiceKey(IPProtocol(rawValue: $0), port: 0) }
    case 1...2:
      question.services = IntervalSet(.tcp(.all))
      services = ports.map { ServiceKey(.tcp, port: $0) }
    case 3:
      question.services = IntervalSet(.udp(.all))
      services = ports.map { ServiceKey(.udp, port: $0) }
    case 4:
      question.services = IntervalSet(.icmp(.any)).union(IntervalSet(.icmpv6(.any)))
      for type: UInt16 in [0, 3, 5, 8, 11, 13, 14, 42, 128, 129, 133, 136, 137, 160] {
        for code: UInt16 in [0, 1, 4, 255] {
          services += [
            ServiceKey(.icmp, port: type << 8 | code), ServiceKey(.icmpv6, port: type << 8 | code),
          ]
        }
      }
    default:
      let port = choices.one(of: ports)
      question.services = IntervalSet(.tcp(PortRange(port)))
      services = [ServiceKey(.tcp, port: port)]
    }
  }

  // MARK: Small worlds

  /// Makes the question one between two small blocks, and about few ports.
  mutating func shrinkToBlocks() {
    let owned = world.owned.filter { $0.family == .v4 }
    blocks = (0..<2).map { _ in
      IPPrefix(
        choices.one(of: owned.isEmpty || choices.chance(25) ? RandomNetwork.outsiders : owned), length: 28)
    }
    if blocks[1].family == .v6 { blocks[1] = IPPrefix(owned.first ?? .v4(.zero), length: 28) }
    if blocks[0].family == .v6 { blocks[0] = IPPrefix(owned.last ?? .v4(.zero), length: 28) }
    question.sources = [.prefix(blocks[0])]
    question.destinations = [.prefix(blocks[1])]
    let first = choices.one(of: [20, 23, 78, 1022] as [UInt16])
    services = (first..<(first + 5)).map { ServiceKey(.tcp, port: $0) }
    question.services = IntervalSet(.tcp(PortRange(first, first + 4)!))
    question.sourcePorts = IntervalSet(1022...1025)
    sourcePorts = [1022, 1023, 1024, 1025]
  }

  var addressesOfBlocks: [IPAddress] {
    Set(blocks.flatMap { block in (block.first.key...block.last.key).map { IPAddress(.v4, key: $0) } })
      .sorted()
  }

  // MARK: Edges

  var addressesNearEdges: [IPAddress] {
    var addresses = Set(world.owned + RandomNetwork.outsiders)
    for subnet in world.network.subnets {
      for block in (subnet.ipv4Block.map { [IPPrefix.v4($0)] } ?? []) + subnet.ipv6Blocks.map(IPPrefix.v6) {
        addresses.formUnion([0, 1, 2].map { IPAddress(block.family, key: block.first.key + $0) })
        addresses.insert(block.last)
      }
    }
    let special = [
      "169.254.169.253", "169.254.169.254", "169.254.1.1", "169.254.168.9", "fd00:ec2::253", "fe80::1",
      "fe80:ec2::1", "224.0.0.1", "255.255.255.255", "0.0.0.0", "64:ff9b::cb00:7107", "52.1.2.3", "127.0.0.1",
      "64:ff9b::0a00:0004", "ff02::1",
    ]
    addresses.formUnion(special.map { IPAddress($0)! })
    return addresses.sorted()
  }

  // MARK: Checking

  /// Compares regions with packets; returns the verdicts that the packets had.
  @discardableResult
  mutating func check(addresses: [IPAddress], limit: Int) throws -> Set<PacketClass> {
    let brute = BruteForce(world.network, question)
    var packets = brute.packets(among: addresses, services: services, sourcePorts: sourcePorts)
    if packets.count > limit {
      packets = (0..<limit).map { _ in packets[choices.number(0...(packets.count - 1))] }
    }
    let regions: [ReachRegion]
    do {
      regions = try ReachAnalyzer(brute.filter).regions(of: question)
    } catch .noPackets {
      #expect(packets.isEmpty, "seed \(seed): \(question)")
      return []
    }
    var seen: Set<PacketClass> = []
    for packet in packets {
      let verdict = brute.filter.trace(packet.question).verdict
      seen.insert(verdict)
      let holding = regions.filter {
        $0.packets.contains(packet.header) && $0.packets.isSent(packet, brute.filter)
      }
      let verdicts = Set(holding.map(\.verdict))
      guard !holding.isEmpty, verdicts == [verdict] else {
        Issue.record(
          "seed \(seed): \(packet.header) entering \(packet.question.entersAt as Any) is \(verdict), regions say \(holding.map(\.verdict)) of \(question)"
        )
        return seen
      }
    }
    for region in regions {
      #expect(brute.filter.trace(region.witness).verdict == region.verdict, "seed \(seed)")
    }
    return seen
  }
}

extension PacketBox {
  /// Whether the box is about packets that enter where this one does.
  fileprivate func isSent(_ packet: BrutePacket, _ filter: PacketFilter) -> Bool {
    guard case .interface(let interface) = sender else { return true }
    guard case .interface(let entrance)? = packet.question.entersAt else { return true }
    return interface == entrance
  }
}
