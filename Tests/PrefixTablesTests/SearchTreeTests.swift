import NetworkTypes
import PrefixTables
import TestSupport
import Testing

@Suite("The search among intervals")
struct SearchTreeTests {
  @Test("finds the interval for every number of intervals, at and around every start", arguments: 1...70)
  func everySize(count: Int) {
    // The last start is the last address: it must not be taken for padding.
    var starts = (0..<count).map { IPv4Address(rawValue: UInt32($0 * 3)) }
    if count > 1 { starts[count - 1] = .allOnes }
    let tree = SearchTree(starts: starts)
    #expect(tree.intervalCount == count)
    for (index, start) in starts.enumerated() {
      #expect(tree.interval(of: start) == index)
      if let previous = start.previous { #expect(tree.interval(of: previous) == max(0, index - 1)) }
      if let next = start.next { #expect(tree.interval(of: next) == index) }
    }
    #expect(tree.interval(of: .allOnes) == count - 1)
  }

  @Test("comparing by arithmetic is comparing")
  func precedes() {
    var random = SeededRandom.fresh("precedes")
    let halves: [UInt64] = [
      0, 1, 2, .max, .max - 1, 1 << 63, 1 << 63 - 1, 1 << 63 + 1, 0x7fff_ffff_ffff_fffe,
    ]
    let v6 = halves.flatMap { high in halves.map { IPv6Address(high: high, low: $0) } }
    for left in v6 {
      for right in v6 { #expect(left.precedes(right) == (left < right ? 1 : 0)) }
    }
    let v4 = [0, 1, .max, .max - 1, 1 << 31, 1 << 31 - 1].map { IPv4Address(rawValue: $0) }
    for left in v4 {
      for right in v4 { #expect(left.precedes(right) == (left < right ? 1 : 0)) }
    }
    for _ in 0..<2_000 {
      let left = IPv6Address(high: random.next(), low: random.next())
      let right = IPv6Address(high: random.next(), low: random.next())
      #expect(left.precedes(right) == (left < right ? 1 : 0))
    }
  }
}
