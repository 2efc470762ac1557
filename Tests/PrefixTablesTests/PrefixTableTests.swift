import NetworkTypes
import PrefixTables
import TestSupport
import Testing

@Suite("Prefix tables")
struct PrefixTableTests {
  /// Compares the table with the plain one at the given addresses and at every edge of every prefix.
  private func expectAgreement<Address: SearchableAddress>(
    _ entries: [(Prefix<Address>, Int)], at addresses: [Address],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let table = PrefixTable(entries)
    let linear = LinearPrefixTable(entries: entries.map { ($0.0, $0.1) })
    var asked: Set<Address> = Set(addresses).union([.zero, .allOnes])
    for (prefix, _) in entries {
      asked.formUnion([prefix.first, prefix.last, prefix.first.previous, prefix.last.next].compactMap { $0 })
    }
    for address in asked {
      let expected = linear.matches(address)
      #expect(table.lookup(address) == expected.first?.value, "at \(address)", sourceLocation: sourceLocation)
      #expect(
        table.longestMatch(address)?.prefix == expected.first?.prefix, "at \(address)",
        sourceLocation: sourceLocation)
      #expect(
        table.matches(address).map(\.value) == expected.map(\.value), "at \(address)",
        sourceLocation: sourceLocation)
    }
  }

  @Test("IPv4 agrees with a plain scan")
  func v4() {
    var random = SeededRandom.fresh("v4")
    for round in 0..<120 {
      // Few base addresses, so that prefixes nest and repeat.
      let bases = (0..<4).map { _ in UInt32.random(in: 0 ... .max, using: &random) } + [0, .max]
      func address() -> IPv4Address {
        let noise = UInt32.random(in: 0 ... .max, using: &random)
        return IPv4Address(
          rawValue: bases.randomElement(using: &random)!
            ^ (noise >> UInt32.random(in: 0...32, using: &random)))
      }
      let entries = (0..<(round % 40)).map { index in
        (Prefix(address(), length: Int.random(in: 0...32, using: &random)), index)
      }
      expectAgreement(entries, at: (0..<30).map { _ in address() })
    }
  }

  @Test("IPv6 agrees with a plain scan")
  func v6() {
    var random = SeededRandom.fresh("v6")
    for round in 0..<60 {
      let bases = [IPv6Address.zero, .allOnes, IPv6Address("2001:db8::")!, IPv6Address("fe80::1")!]
      func address() -> IPv6Address {
        let base = bases.randomElement(using: &random)!
        let keep = IPv6Address.mask(length: Int.random(in: 0...128, using: &random))
        let noise = IPv6Address(high: random.next(), low: random.next())
        return (base & keep) | (noise & ~keep)
      }
      let entries = (0..<(round % 30)).map { index in
        (Prefix(address(), length: Int.random(in: 0...128, using: &random)), index)
      }
      expectAgreement(entries, at: (0..<30).map { _ in address() })
    }
  }

  struct Row: Sendable, CustomTestStringConvertible {
    var prefixes: [String]
    var testDescription: String { prefixes.isEmpty ? "none" : prefixes.joined(separator: " ") }
  }

  @Test(
    "ends of the line, hosts, neighbours, nests and repeats agree with a plain scan",
    arguments: [
      Row(prefixes: []),
      Row(prefixes: ["0.0.0.0/0"]),
      Row(prefixes: ["255.255.255.255/32"]),
      Row(prefixes: ["0.0.0.0/32"]),
      Row(prefixes: ["0.0.0.0/0", "255.255.255.255/32", "0.0.0.0/32"]),
      Row(prefixes: ["0.0.0.0/1", "128.0.0.0/1"]),
      Row(prefixes: ["10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24", "10.0.0.0/32"]),
      Row(prefixes: ["10.0.0.0/8", "10.255.0.0/16", "10.255.255.0/24", "10.255.255.255/32"]),
      Row(prefixes: ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.0.0/22"]),
      Row(prefixes: ["10.0.0.0/24", "10.0.0.0/24", "10.0.0.0/24"]),
      Row(prefixes: ["::/0"]),
      Row(prefixes: ["::/128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"]),
      Row(prefixes: ["2001:db8::/63", "2001:db8::/64", "2001:db8::/65", "2001:db8:0:1::/64"]),
    ])
  func rows(row: Row) {
    expectAgreement(row.prefixes.compactMap { Prefix<IPv4Address>($0) }.enumerated().map { ($1, $0) }, at: [])
    expectAgreement(row.prefixes.compactMap { Prefix<IPv6Address>($0) }.enumerated().map { ($1, $0) }, at: [])
  }

  @Test("of equal prefixes the first entry counts")
  func repeats() {
    let prefix = Prefix<IPv4Address>("10.0.0.0/8")!
    let table = PrefixTable([(prefix, "first"), (Prefix(.zero, length: 0), "default"), (prefix, "second")])
    #expect(table.lookup(IPv4Address(10, 1, 2, 3)) == "first")
    #expect(table.matches(IPv4Address(10, 1, 2, 3)).map(\.value) == ["first", "default"])
    #expect(table.entries.count == 2)
  }

  @Test("a table of both families keeps them apart")
  func families() {
    let table = IPPrefixTable([
      (IPPrefix("0.0.0.0/0")!, "v4"), (IPPrefix("::/0")!, "v6"), (IPPrefix("::ffff:0:0/96")!, "mapped"),
    ])
    #expect(table.lookup(IPAddress("192.0.2.1")!) == "v4")
    #expect(table.lookup(IPAddress("2001:db8::1")!) == "v6")
    #expect(table.lookup(IPAddress("::ffff:192.0.2.1")!) == "mapped")
    #expect(table.matches(IPAddress("::ffff:192.0.2.1")!).map(\.value) == ["mapped", "v6"])
    #expect(table.longestMatch(IPAddress("192.0.2.1")!)?.prefix == IPPrefix("0.0.0.0/0"))
  }

  @Test("many thousands of prefixes")
  func many() {
    var random = SeededRandom.fresh("many")
    let entries = (0..<20_000).map { index in
      let address = IPv4Address(rawValue: UInt32.random(in: 0 ... .max, using: &random))
      return (Prefix(address, length: Int.random(in: 8...32, using: &random)), index)
    }
    let table = PrefixTable(entries)
    let linear = LinearPrefixTable(entries: entries.map { ($0.0, $0.1) })
    for (prefix, _) in entries.shuffled(using: &random).prefix(10) {
      for address in [prefix.first, prefix.last] {
        #expect(table.matches(address).map(\.value) == linear.matches(address).map(\.value))
      }
    }
  }
}
