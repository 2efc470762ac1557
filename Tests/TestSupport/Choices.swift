import NetworkTypes
import RuleMatching

/// Random choices that meet often: few ports, few blocks, edges and their neighbours.
package struct Choices {
  package var random: SeededRandom

  package init(random: SeededRandom) { self.random = random }

  package mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
  package mutating func chance(_ percent: Int) -> Bool { number(1...100) <= percent }
  package mutating func one<Element>(of elements: [Element]) -> Element {
    elements[number(0...(elements.count - 1))]
  }

  package mutating func port() -> UInt16 {
    one(of: [0, 1, 22, 24, 25, 26, 53, 67, 68, 79, 80, 81, 443, 1023, 1024, 1025, 5432, 32768, 50000, 65535])
  }

  package mutating func ports() -> PortRange {
    if chance(25) { return .all }
    let (a, b) = (port(), port())
    return chance(40) ? PortRange(a) : PortRange(min(a, b), max(a, b))!
  }

  package mutating func icmp(_ types: [UInt8]) -> ICMPMatch {
    if chance(35) { return .any }
    return chance(60) ? .type(one(of: types)) : .type(one(of: types), code: one(of: [0, 1, 4]))
  }

  package mutating func traffic() -> TrafficMatch {
    switch number(0...11) {
    case 0...3: .all
    case 4...6: .tcp(ports())
    case 7...8: .udp(ports())
    case 9: .icmp(icmp([0, 3, 8, 11, 13]))
    case 10: .icmpv6(icmp([1, 2, 3, 128, 129]))
    default: .other(IPProtocol(rawValue: one(of: [2, 47, 50, 132])))
    }
  }

  /// A block around an address of the world.
  package mutating func prefix(around addresses: [IPAddress]) -> IPPrefix {
    if chance(25) { return .v4(.everything) }
    if chance(15) { return .v6(.everything) }
    let address = one(of: addresses)
    switch address {
    case .v4: return IPPrefix(address, length: one(of: [1, 8, 16, 24, 25, 27, 28, 30, 31, 32, 32]))
    case .v6: return IPPrefix(address, length: one(of: [3, 32, 56, 64, 127, 128]))
    }
  }
}
