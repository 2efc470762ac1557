import Filtering
import NetworkTypes
import PolicyFormats
import RuleMatching
import TestSupport
import Testing
import VirtualNetworks

/// What holds of every answer, on random questions to the bundled network and to the measured ones.
@Suite struct TraceInvariantTests {
  static let networks =
    [Environment.fixture("networks/three-tier")]
    + MeasuredFlowTests.folders.map { Environment.shared("aws-measured/\($0)/network") }

  @Test(arguments: networks)
  func everyAnswerHasItsReason(path: String) throws {
    let network = try VirtualNetwork(contentsOf: path)
    let filter = PacketFilter(network)
    var random = SeededRandom.fresh("answers of \(path)")
    for _ in 0..<2000 {
      let question = Self.question(network, &random)
      let answer = filter.trace(question)
      switch answer.verdict {
      case .deny: #expect(!answer.blockers.isEmpty, "\(question)")
      case .unknown: #expect(answer.blockers.isEmpty && !answer.unknowns.isEmpty, "\(question)")
      default:
        #expect(answer.verdict == .allow && answer.blockers.isEmpty && answer.unknowns.isEmpty, "\(question)")
      }
      #expect(!answer.steps.isEmpty, "\(question)")
      for traced in answer.steps {
        #expect((traced.step.code != nil) || traced.step.action != .deny, "\(question)")
        #expect((traced.step.missing != nil) == (traced.step.action == .unknown), "\(question)")
        #expect(!filter.explain(traced.step, for: traced.header).isEmpty)
      }
    }
  }

  @Test(arguments: networks)
  func aCompleteRemedyOpensTheQuestion(path: String) throws {
    let network = try VirtualNetwork(contentsOf: path)
    let filter = PacketFilter(network)
    var random = SeededRandom.fresh("remedies for \(path)")
    var tried = 0
    for _ in 0..<3000 where tried < 60 {
      let question = Self.question(network, &random)
      let answer = filter.trace(question)
      let remedy = filter.remedy(for: answer, to: question)
      guard answer.verdict == .deny, remedy.isComplete else { continue }
      #expect(!remedy.suggestions.isEmpty, "\(question)")
      var changed = network
      guard remedy.suggestions.allSatisfy({ changed.apply($0.change) }) else { continue }
      tried += 1
      let reopened = PacketFilter(changed).trace(question)
      #expect(
        reopened.verdict != .deny,
        "\(question)\n\(remedy.suggestions.map(\.text))\n\(reopened.blockers.map { filter.explain($0.step, for: $0.header) })"
      )
    }
    // Networks in which everything is open have none.
    if path.hasSuffix("three-tier") { #expect(tried > 0, "no question had a complete remedy") }
  }

  @Test(
    arguments: [
      ("10.0.0.77", "10.0.1.99", .unknown), ("10.0.0.77", "8.8.8.8", .unknown),
      ("8.8.4.4", "2.2.2.2", .allow), ("172.31.9.9", "192.168.1.1", .unknown),
      ("172.31.9.9", "8.8.8.8", .unknown), ("10.0.0.77", "10.0.1.10", .unknown),
      ("2001:db8:a00::77", "2001:db8:a00:1::78", .unknown),
    ] as [(String, String, PacketClass)])
  func addressesOfNobodyAreNotTheInternet(from: String, to: String, verdict: PacketClass) {
    let question = TraceQuestion(
      from: .address(IPAddress(from)!), to: .address(IPAddress(to)!), service: ServiceKey(.tcp, port: 22))
    #expect(PacketFilter(SemanticsNetwork().network).trace(question).verdict == verdict)
  }

  @Test(
    arguments: [
      ([100, 200, 32767], 32767, 300), ([100, 32767], 100, 10), ([50], 50, 10), ([5], 5, 1), ([1], 1, nil),
      ([1, 2, 3], 3, nil), ([90, 95, 100], 100, 96), ([99, 100], 100, 98), ([], 32767, 100),
      ([32766], 32767, 32765),
    ] as [([Int], Int, Int?)])
  func freeNumbers(used: [Int], limit: Int, free: Int?) throws {
    var scene = SemanticsNetwork()
    scene.acl(
      "subnet-db",
      inbound: used.filter { $0 < 32767 }.map { number in
        "\(number) \(number == limit ? "deny all" : "allow udp 1") from 0.0.0.0/0"
      })
    let filter = PacketFilter(scene.network)
    let question = TraceQuestion(
      from: .address(IPAddress("10.0.1.10")!), to: .address(IPAddress("10.0.2.10")!),
      service: ServiceKey(.tcp, port: 1))
    let remedy = filter.remedy(for: filter.trace(question), to: question)
    let numbers = remedy.suggestions.compactMap { suggestion -> Int? in
      guard case .aclEntry(_, .ingress, let entry) = suggestion.change else { return nil }
      return entry.number
    }
    #expect(numbers == (free.map { [$0] } ?? []), "\(remedy)")
    #expect(remedy.suggestions.count == 1)
  }

  // MARK: Random questions

  static func question(_ network: VirtualNetwork, _ random: inout SeededRandom) -> TraceQuestion {
    let services = [
      ServiceKey(.tcp, port: 22), ServiceKey(.tcp, port: 443), ServiceKey(.tcp, port: 5432),
      ServiceKey(.udp, port: 53),
      ServiceKey(.tcp, port: UInt16.random(in: 0...9999, using: &random)), ServiceKey(.icmp, port: 8 << 8),
      ServiceKey(.icmpv6, port: 128 << 8), ServiceKey(IPProtocol(rawValue: 47), port: 0),
      ServiceKey(.tcp, port: 25),
    ]
    let service = services.randomElement(using: &random)!
    let isV6 =
      service.ipProtocol == .icmpv6
      || service.ipProtocol.hasPorts && Int.random(in: 0..<4, using: &random) == 0
    return TraceQuestion(
      from: end(network, isV6, &random), to: end(network, isV6, &random),
      entersAt: entrance(network, &random), service: service,
      sourcePort: Bool.random(using: &random) ? nil : UInt16.random(in: 0...(.max), using: &random),
      isRoundTrip: Bool.random(using: &random) ? nil : false)
  }

  private static func entrance(
    _ network: VirtualNetwork, _ random: inout SeededRandom
  ) -> TraceQuestion.Entrance? {
    switch Int.random(in: 0..<20, using: &random) {
    case 0: .internet
    case 1: .interface(InterfaceIndex(Int.random(in: 0..<network.networkInterfaces.count, using: &random)))
    case 2: .vpc(network.vpcs.randomElement(using: &random)!.id)
    case 3: .subnet(network.subnets.randomElement(using: &random)!.id)
    default: nil
    }
  }

  private static func end(
    _ network: VirtualNetwork, _ isV6: Bool, _ random: inout SeededRandom
  ) -> TraceQuestion.End {
    let position = Int.random(in: 0..<network.networkInterfaces.count, using: &random)
    let interface = network.networkInterfaces[position]
    switch Int.random(in: 0..<10, using: &random) {
    case 0: return .internet
    case 1: return .address(IPAddress(isV6 ? "2001:4860::7" : "9.9.9.9")!)
    case 2:
      return .address(IPAddress(isV6 ? "fd00::7" : "10.\(Int.random(in: 0..<40, using: &random)).0.77")!)
    case 3...5: return .interface(InterfaceIndex(position))
    default: break
    }
    let own: [IPAddress] =
      isV6
      ? interface.ipv6Addresses.map(IPAddress.v6)
      : interface.ipv4Addresses.flatMap { [$0.address, $0.publicAddress].compactMap { $0 } }.map(IPAddress.v4)
    return own.randomElement(using: &random).map(TraceQuestion.End.address)
      ?? .interface(InterfaceIndex(position))
  }
}

extension VirtualNetwork {
  /// Makes a suggested change; false if it is not one of rules and routes.
  mutating func apply(_ change: Suggestion.Change) -> Bool {
    switch change {
    case .groupRule(let id, let direction, let match):
      guard let index = securityGroups.firstIndex(where: { $0.id == id }) else { return false }
      let rule = SecurityGroupRule(id: "sgr-new", match: match)
      if direction == .ingress {
        securityGroups[index].inbound.append(rule)
      } else {
        securityGroups[index].outbound.append(rule)
      }
    case .aclEntry(let id, let direction, let entry):
      guard let index = networkACLs.firstIndex(where: { $0.id == id }) else { return false }
      var acl = networkACLs[index]
      if direction == .ingress { acl.inbound.append(entry) } else { acl.outbound.append(entry) }
      acl.inbound.sort { $0.number < $1.number }
      acl.outbound.sort { $0.number < $1.number }
      networkACLs[index] = acl
    case .route(let id, let route):
      guard let index = routeTables.firstIndex(where: { $0.id == id }) else { return false }
      routeTables[index].routes.append(route)
    case .other: return false
    }
    return true
  }
}
