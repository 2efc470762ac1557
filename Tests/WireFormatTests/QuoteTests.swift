import NetworkTypes
import Testing
import WireFormat

struct QuoteTests {
  static let unreachable = hex("0301 0000 00000000")

  @Test func anErrorQuotesThePacketThatCausedIt() throws {
    let frame = Parts.ipv4(Self.unreachable + Parts.ipv4(Array(Parts.udp), protocol: 17), protocol: 1)
    let quote = try #require(decode(frame, linkType: .raw).quote)
    #expect(quote.addresses == decode(Parts.ipv4([]), linkType: .raw).packet.addresses)
    #expect(quote.ipProtocol == .udp)
    #expect((quote.sourcePort, quote.destinationPort) == (1000, 2000))
    #expect(quote.hasTransport)
  }

  @Test func aQuotedEchoHasItsIdentifier() throws {
    let echo = Parts.ipv6(hex("8000 0000 1234 0001"), next: 58)
    let frame = Parts.ipv6(hex("0104 0000 00000000") + echo, next: 58)
    let quote = try #require(decode(frame, linkType: .raw).quote)
    #expect(quote.ipProtocol == .icmpv6)
    #expect((quote.sourcePort, quote.destinationPort) == (0x1234, 0x8000))
  }

  @Test func aQuotedExtensionHeaderIsFollowed() throws {
    let inner = Parts.ipv6(hex("11 00 0104 00000000") + Parts.udp, next: 60)
    let frame = Parts.ipv6(hex("0300 0000 00000000") + inner, next: 58)
    let quote = try #require(decode(frame, linkType: .raw).quote)
    #expect(quote.ipProtocol == .udp)
    #expect(quote.destinationPort == 2000)
  }

  @Test(arguments: 0...28)
  func aShortQuoteGivesWhatIsThere(length: Int) {
    let inner = Parts.ipv4(Parts.udp, protocol: 17).prefix(length)
    let (packet, quote) = decode(Parts.ipv4(Self.unreachable + inner, protocol: 1), linkType: .raw)
    #expect(packet.stop == nil)
    #expect((quote != nil) == (length >= 20))
    if let quote { #expect(quote.hasTransport == (length >= 24)) }
  }

  @Test func aQuotedLaterFragmentHasNoPorts() throws {
    let inner = HeaderTests.replacing(Parts.ipv4(Parts.udp, protocol: 17), 6, with: "0003")
    let quote = try #require(
      decode(Parts.ipv4(Self.unreachable + inner, protocol: 1), linkType: .raw).quote)
    #expect(!quote.hasTransport)
  }

  @Test func anEchoQuotesNothing() {
    let frame = Parts.ipv4(hex("0800 0000 00000000") + Parts.ipv4(Parts.udp), protocol: 1)
    #expect(decode(frame, linkType: .raw).quote == nil)
  }

  @Test func quotesBelongToTheirPacketsOverSeveralBatches() {
    let frame = Parts.ipv4(Self.unreachable + Parts.ipv4(Parts.udp, protocol: 17), protocol: 1)
    let record = PacketRecord(
      offset: 0, capturedLength: UInt32(frame.count), wireLength: 1, time: CaptureTime(nanoseconds: 0),
      linkType: .raw)
    var batch = PacketBatch()
    for _ in 0..<3 { PacketDecoder().decode(frame.span, [record, record], into: &batch) }
    #expect(batch.quotes.count == 6)
    #expect(batch.packets.map(\.quote) == [0, 1, 2, 3, 4, 5])
    batch.removeAll()
    let many = [PacketRecord](repeating: record, count: 70_000)
    PacketDecoder().decode(frame.span, many, into: &batch)
    #expect(batch.packets.count == 70_000)
    #expect(batch.quotes.count == 65_536, "the index has 16 bits; what is beyond goes without a quote")
    #expect(batch.packets.last?.fields.contains(.quote) == false)
  }
}
