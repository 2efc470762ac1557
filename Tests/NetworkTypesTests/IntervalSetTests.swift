import NetworkTypes
import TestSupport
import Testing

@Suite("Interval sets")
struct IntervalSetTests {
  @Test("Operations on runs are those on their keys")
  func operations() {
    var random = SeededRandom.fresh("Interval sets")
    for _ in 0..<2000 {
      let (left, right) = (runs(&random), runs(&random))
      let (a, b) = (IntervalSet(left), IntervalSet(right))
      let (x, y) = (keys(left), keys(right))
      #expect(keys(a.runs) == x)
      #expect(keys(a.intersection(b).runs) == x.intersection(y))
      #expect(keys(a.subtracting(b).runs) == x.subtracting(y))
      #expect(keys(a.union(b).runs) == x.union(y))
      #expect(a.isDisjoint(with: b) == x.isDisjoint(with: y))
      #expect(a.isSubset(of: b) == x.isSubset(of: y))
      #expect(a.approximateCount == Double(x.count))
      for key: UInt128 in 0...40 { #expect(a.contains(key) == x.contains(key)) }
      // Equal sets are equal values: runs never touch.
      #expect((a == b) == (x == y))
    }
  }

  @Test("The ends of the line belong to it")
  func ends() {
    let all = IntervalSet.everything(.v6)
    let last = IntervalSet(UInt128.max)
    #expect(all.contains(.max))
    #expect(all.subtracting(last).runs == [0...(.max - 1)])
    #expect(all.subtracting(last).union(last) == all)
    #expect(all.subtracting(all).isEmpty)
  }

  @Test("Addresses keep their place and order as keys")
  func addresses() {
    for text in ["0.0.0.0", "10.1.2.3", "255.255.255.255", "::", "2001:db8::1", "ff02::1"] {
      let address = IPAddress(text)!
      #expect(IPAddress(address.family, key: address.key) == address)
    }
    #expect(IntervalSet(.v4, ["10.0.0.0/25", "10.0.0.128/25", "::/0"].map { IPPrefix($0)! }).runs.count == 1)
  }

  private func runs(_ random: inout SeededRandom) -> [ClosedRange<UInt128>] {
    (0..<Int.random(in: 0...4, using: &random)).map { _ in
      let first = UInt128(Int.random(in: 0...38, using: &random))
      return first...(first + UInt128(Int.random(in: 0...6, using: &random)))
    }
  }

  private func keys(_ runs: [ClosedRange<UInt128>]) -> Set<UInt128> { Set(runs.flatMap { Array($0) }) }
}
