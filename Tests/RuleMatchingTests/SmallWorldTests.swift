import NetworkTypes
import RuleMatching
import Testing

/// A world so small that everything in it can be tried: four addresses (a /30 with its blocks), four TCP ports, one
/// packet of UDP and one of ICMP.
@Suite("In a world of four addresses and four ports, compiled rules are right about everything")
struct SmallWorldTests {
  static let addresses = (0..<4).map { IPv4Address(rawValue: 0xc000_0204 + $0) }
  static let ports: ClosedRange<UInt16> = 1...4
  static let services =
    ports.map { ServiceKey(.tcp, port: $0) } + [ServiceKey(.udp, port: 2), ServiceKey(.icmp, port: 8 << 8)]
  /// The /30, its two /31 and its four /32.
  static let blocks: [IPPrefix] = (30...32).flatMap { length in
    (0..<(1 << (length - 30))).map { .v4(Prefix(addresses[$0 << (32 - length)], length: length)) }
  }

  /// A rule with the packets that it matches by specification, one bit each.
  struct Candidate {
    var rule: ResolvedRule
    var packets: UInt32

    init(_ traffic: TrafficMatch, _ block: IPPrefix) {
      rule = ResolvedRule(traffic, prefixes: [block])
      packets = 0
      for (index, packet) in SmallWorldTests.packets.enumerated()
      where rule.matches(remote: .v4(packet.0), service: packet.1) {
        packets |= 1 << index
      }
    }
  }

  static let packets = addresses.flatMap { address in services.map { (address, $0) } }

  private static func candidates(_ traffic: [TrafficMatch], _ blocks: [IPPrefix]) -> [Candidate] {
    blocks.flatMap { block in traffic.map { Candidate($0, block) } }
  }

  /// Whether the compiled list answers every packet as the first candidate that matches it by specification.
  private func isRight(_ list: [Candidate], cellLimit: Int) -> Bool {
    let compiled = CompiledRules(list.map(\.rule), cellLimit: cellLimit)
    for (index, packet) in Self.packets.enumerated() {
      let expected = list.firstIndex { $0.packets >> index & 1 == 1 } ?? -1
      if compiled.firstMatch(remote: packet.0, service: packet.1) != Int32(expected) { return false }
    }
    return true
  }

  /// The rules as one product, each as a product of its own, and (if `thrice`) as products of a few.
  private func expectRight(
    _ list: [Candidate], thrice: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for cellLimit in [CompiledRules.defaultCellLimit, 0, 12].prefix(thrice ? 3 : 2)
    where !isRight(list, cellLimit: cellLimit) {
      Issue.record("\(list.map(\.rule)) with at most \(cellLimit) cells", sourceLocation: sourceLocation)
    }
  }

  @Test("every list of up to two rules, with every range of ports")
  func pairs() {
    let ranges = Self.ports.flatMap { first in (first...4).map { TrafficMatch.tcp(PortRange(first, $0)!) } }
    let all = Self.candidates(ranges + [.all, .tcp(.all), .udp(.all), .icmp(.type(8))], Self.blocks)
    expectRight([])
    for candidate in all { expectRight([candidate]) }
    // The block of the first rule stands for all of its length: the others are mirror images.
    let firsts = Self.candidates(
      ranges + [.all, .udp(.all)], [Self.blocks[0], Self.blocks[1], Self.blocks[3]])
    for first in firsts {
      for second in all { expectRight([first, second], thrice: true) }
    }
  }

  @Test("every list of three rules, with ranges that overlap, nest and touch")
  func triples() {
    let traffic: [TrafficMatch] = [
      .all, .tcp(PortRange(1, 3)!), .tcp(PortRange(2)), .tcp(PortRange(3, 4)!),
    ]
    let all = Self.candidates(traffic, Self.blocks)
    let firsts = Self.candidates(traffic, [Self.blocks[0], Self.blocks[1], Self.blocks[3]])
    for first in firsts {
      for second in all {
        for third in all { expectRight([first, second, third]) }
      }
    }
  }
}
