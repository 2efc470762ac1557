import NetworkTypes

/// The packet that an ICMP error quotes: its addresses, protocol and, where they are there, its ports.
enum ErrorQuote {
  /// Reads a quote; nil if it is too short for its addresses or no IP packet of the error's version.
  static func read(_ quote: Span<UInt8>, version: IPFamily) -> QuotedPacket? {
    switch version {
    case .v4: readIPv4(quote)
    case .v6: readIPv6(quote)
    }
  }

  private static func readIPv4(_ quote: Span<UInt8>) -> QuotedPacket? {
    guard quote.count >= IPv4Header.minimumLength, quote[0] >> 4 == 4 else { return nil }
    let headerLength = Int(quote[0] & 15) * 4
    guard headerLength >= IPv4Header.minimumLength else { return nil }
    let result = QuotedPacket(
      addresses: IPv4Header.addresses(quote), ipProtocol: IPProtocol(rawValue: quote[9]), sourcePort: 0,
      destinationPort: 0, hasTransport: false)
    // A later fragment's first bytes are not a transport header.
    if quote.load16(6) & 0x1fff != 0 { return result }
    return adding(quote.extracting(droppingFirst: headerLength), to: result, version: .v4)
  }

  private static func readIPv6(_ quote: Span<UInt8>) -> QuotedPacket? {
    guard quote.count >= IPv6Header.length, quote[0] >> 4 == 6 else { return nil }
    let payload = quote.extracting(droppingFirst: IPv6Header.length)
    let chain = IPv6Extensions.follow(payload, from: quote[6], isCut: true)
    let result = QuotedPacket(
      addresses: IPv6Header.addresses(quote), ipProtocol: chain.last, sourcePort: 0, destinationPort: 0,
      hasTransport: false)
    if chain.stop != nil || chain.fragmentOffset != 0 { return result }
    return adding(payload.extracting(droppingFirst: chain.length), to: result, version: .v6)
  }

  private static func adding(_ header: Span<UInt8>, to quote: QuotedPacket, version: IPFamily) -> QuotedPacket
  {
    var quote = quote
    switch quote.ipProtocol {
    case .tcp, .udp:
      guard header.count >= 4 else { return quote }
      quote.sourcePort = header.load16(0)
      quote.destinationPort = header.load16(2)
    case .icmp, .icmpv6:
      guard header.count >= 6 else { return quote }
      quote.destinationPort = header.load16(0)
      if ICMPMessage.hasIdentifier(header[0], version: version) { quote.sourcePort = header.load16(4) }
    default: return quote
    }
    quote.hasTransport = true
    return quote
  }
}
