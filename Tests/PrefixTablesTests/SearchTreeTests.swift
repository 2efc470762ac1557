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

  @Test(
    "finds the interval among as many as need another level of nodes",
    arguments: [256, 257, 272, 273, 4_096, 4_097, 4_400])
  func levels(count: Int) {
    let starts = (0..<count).map { IPv4Address(rawValue: UInt32($0) << 19) }
    let tree = SearchTree(starts: starts)
    for (index, start) in starts.enumerated() {
      #expect(tree.interval(of: start) == index)
      if let previous = start.previous { #expect(tree.interval(of: previous) == index - 1) }
    }
  }

  @Test("finds what a scan of the starts finds in IPv6, with starts that agree in one, two or three pieces")
  func pieces() {
    var random = SeededRandom.fresh("pieces")
    for _ in 0..<60 {
      let edges: [UInt32] = [0, 1, 2, 1 << 31 - 1, 1 << 31, .max - 1, .max]
      func key() -> IPv6Address {
        func piece() -> UInt64 { UInt64(edges.randomElement(using: &random)!) }
        return IPv6Address(high: piece() << 32 | piece(), low: piece() << 32 | piece())
      }
      let starts = Set((0..<Int.random(in: 0...300, using: &random)).map { _ in key() }).union([.zero])
        .sorted()
      let tree = SearchTree(starts: starts)
      #expect(tree.intervalCount == starts.count)
      for asked in starts + starts.compactMap(\.previous) + starts.compactMap(\.next)
        + (0..<50).map({ _ in key() })
      {
        #expect(tree.interval(of: asked) == (starts.lastIndex { $0 <= asked } ?? 0), "at \(asked)")
      }
    }
  }
}
