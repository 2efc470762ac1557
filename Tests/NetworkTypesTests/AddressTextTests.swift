import NetworkTypes
import TestSupport
import Testing

@Suite("Addresses and prefixes as text")
struct AddressTextTests {
  @Test(
    "IPv4 that is not four plain decimal octets is refused",
    arguments: [
      "", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.", "1..2.3", " 1.2.3.4", "1.2.3.4 ",
      "+1.2.3.4",
    ])
  func refusedIPv4(text: String) {
    #expect(IPv4Address(text) == nil)
  }

  @Test("IPv4 prints what it parses")
  func roundTripIPv4() {
    var random = SeededRandom.fresh("roundTripIPv4")
    for _ in 0..<10_000 {
      let address = IPv4Address(rawValue: UInt32.random(in: 0 ... .max, using: &random))
      #expect(IPv4Address(address.description) == address)
    }
  }

  struct IPv6Row: Sendable {
    var text: String
    var canonical: String
  }

  /// RFC 5952 sections 4 and 5.
  @Test(
    "IPv6 is printed as RFC 5952 says",
    arguments: [
      IPv6Row(text: "2001:db8:0:0:1:0:0:1", canonical: "2001:db8::1:0:0:1"),
      IPv6Row(text: "2001:0db8::0001", canonical: "2001:db8::1"),
      IPv6Row(text: "2001:db8:0:1:1:1:1:1", canonical: "2001:db8:0:1:1:1:1:1"),
      IPv6Row(text: "2001:db8:0:0:0:0:2:1", canonical: "2001:db8::2:1"),
      IPv6Row(text: "2001:DB8::ABCD", canonical: "2001:db8::abcd"),
      IPv6Row(text: "::", canonical: "::"),
      IPv6Row(text: "::1", canonical: "::1"),
      IPv6Row(text: "fe80::", canonical: "fe80::"),
      IPv6Row(text: "64:ff9b::192.0.2.33", canonical: "64:ff9b::c000:221"),
      IPv6Row(text: "::ffff:192.0.2.1", canonical: "::ffff:192.0.2.1"),
      IPv6Row(text: "2400:6500:0d1a:f500::", canonical: "2400:6500:d1a:f500::"),
    ])
  func canonicalIPv6(row: IPv6Row) throws {
    let address = try #require(IPv6Address(row.text))
    #expect(address.description == row.canonical)
    #expect(IPv6Address(row.canonical) == address)
  }

  @Test(
    "IPv6 that RFC 4291 does not allow is refused",
    arguments: [
      "", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::", "g::",
      "::1%eth0",
      "1.2.3.4::", "::1.2.3", ":1::", "1:2:3:4:5:6:7:1.2.3.4", "fe80::1/64",
    ])
  func refusedIPv6(text: String) {
    #expect(IPv6Address(text) == nil)
  }

  @Test("IPv6 prints what it parses")
  func roundTripIPv6() {
    var random = SeededRandom.fresh("roundTripIPv6")
    for _ in 0..<10_000 {
      // Sparse groups, so that runs of zeros of every length occur.
      let groups = (0..<8).map { _ in
        Bool.random(using: &random) ? 0 : UInt16.random(in: 0 ... .max, using: &random)
      }
      let address = IPv6Address(groups: groups)!
      #expect(IPv6Address(address.description) == address)
    }
  }

  @Test("A prefix clears its host bits (SG-20)")
  func canonicalPrefix() {
    #expect(IPPrefix("100.68.0.18/18")?.description == "100.68.0.0/18")
    #expect(IPPrefix("2001:db8::1/32")?.description == "2001:db8::/32")
    #expect(IPPrefix("10.0.0.0/33") == nil)
    #expect(IPPrefix("10.0.0.0/+8") == nil)
    #expect(IPPrefix("10.0.0.0") == nil)
  }

  @Test("First and last address of a prefix bound exactly what it contains")
  func prefixBounds() {
    var random = SeededRandom.fresh("prefixBounds")
    for _ in 0..<2_000 {
      let prefix = Prefix(
        IPv6Address(high: random.next(), low: random.next()), length: Int.random(in: 0...128, using: &random))
      #expect(prefix.contains(prefix.first) && prefix.contains(prefix.last))
      if let before = prefix.first.previous { #expect(!prefix.contains(before)) }
      if let after = prefix.last.next { #expect(!prefix.contains(after)) }
    }
  }

  @Test("Times are printed in UTC with six digits, or nine where the capture has them")
  func times() {
    #expect(CaptureTime(nanoseconds: 0).description == "1970-01-01T00:00:00.000000Z")
    #expect(CaptureTime(nanoseconds: 1_767_322_985_000_006_000).description == "2026-01-02T03:03:05.000006Z")
    #expect(CaptureTime(nanoseconds: 951_782_400_000_000_001).description == "2000-02-29T00:00:00.000000001Z")
    #expect(CaptureTime(nanoseconds: -1_000).description == "1969-12-31T23:59:59.999999Z")
    #expect(CaptureTime(nanoseconds: .min).description == "1677-09-21T00:12:43.145224192Z")
  }
}
