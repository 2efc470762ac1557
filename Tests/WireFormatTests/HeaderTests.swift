import NetworkTypes
import Testing
import WireFormat

/// A frame, and what must be read from it.
struct HeaderRow: Sendable, CustomStringConvertible {
  var description: String
  var frame: [UInt8]
  var linkType = LinkType.ethernet
  /// `source.port > destination.port protocol flags`, or the stop's layer and reason.
  var expected: String

  init(_ description: String, _ frame: [UInt8], _ linkType: LinkType, _ expected: String) {
    self.description = description
    self.frame = frame
    self.linkType = linkType
    self.expected = expected
  }

  init(_ description: String, _ frame: [UInt8], _ expected: String) {
    self.init(description, frame, .ethernet, expected)
  }
}

/// One line of text for what a summary says.
func line(_ packet: PacketSummary) -> String {
  guard packet.hasAddresses else { return packet.stop.map { "\($0.layer): \($0)" } ?? "nothing" }
  let ports = packet.hasTransport && packet.ipProtocol.hasPorts || packet.fields.contains(.unjudgedPorts)
  var text = "\(packet.addresses.source)" + (ports ? ".\(packet.sourcePort)" : "")
  text += " > \(packet.addresses.destination)" + (ports ? ".\(packet.destinationPort)" : "")
  text += " \(packet.ipProtocol)"
  if packet.fields.contains(.tcpFlags) { text += " \(packet.tcpFlags)" }
  if packet.hasTransport && packet.ipProtocol.hasICMPKind {
    text += " \(packet.icmp.type)/\(packet.icmp.code) id \(packet.sourcePort)"
  }
  if packet.isFragment {
    text += " fragment \(packet.fragmentOffset)\(packet.fields.contains(.moreFragments) ? "+" : "")"
  }
  if let stop = packet.stop { text += " [\(stop.layer): \(stop)]" }
  return text
}

struct HeaderTests {
  static let plain = "10.0.0.1.1000 > 10.0.0.2.2000 tcp SA"
  static let plain6 = "2001:db8::1.1000 > 2001:db8::2.2000 tcp SA"
  static let ip = Parts.ipv4(Parts.tcp)
  static let ip6 = Parts.ipv6(Parts.tcp)

  static let links: [HeaderRow] = [
    HeaderRow("Ethernet", Parts.macs + hex("0800") + ip, plain),
    HeaderRow("Ethernet with IPv6", Parts.macs + hex("86dd") + ip6, plain6),
    HeaderRow("802.1Q", Parts.macs + hex("8100 0064 0800") + ip, plain),
    HeaderRow("802.1ad in 802.1Q", Parts.macs + hex("88a8 0064 8100 0065 0800") + ip, plain),
    HeaderRow("the old QinQ number", Parts.macs + hex("9100 0064 8100 0065 86dd") + ip6, plain6),
    HeaderRow("LLC with SNAP", Parts.macs + hex("0030 aaaa03 000000 0800") + ip, plain),
    HeaderRow("LLC with the SAP of IP", Parts.macs + hex("002b 060603") + ip, plain),
    HeaderRow(
      "LLC shorter than SNAP", Parts.macs + hex("0005 aaaa03 000000 0800") + ip,
      "llc: truncated (8 bytes needed)"),
    HeaderRow(
      "LLC with one SAP of SNAP", Parts.macs + hex("0030 aa0603 000000 0800") + ip,
      "llc: not IP (LLC, SAP 0xaa)"),
    HeaderRow(
      "an Ethernet frame of the reserved type", Parts.macs + hex("ffff 060603") + ip,
      "link: not IP (EtherType 0xffff)"),
    HeaderRow("spanning tree", Parts.macs + hex("0026 424203 0000"), "llc: not IP (LLC, SAP 0x42)"),
    HeaderRow("ARP", Parts.macs + hex("0806 0001"), "link: not IP (EtherType 0x0806, ARP)"),
    HeaderRow("MPLS", Parts.macs + hex("8847 00010040 00011140") + ip, plain),
    HeaderRow(
      "MPLS maintenance", Parts.macs + hex("8847 0000e140") + ip, "mpls: not IP (MPLS, label 14)"),
    HeaderRow("PPPoE", Parts.macs + hex("8864 1100 0001 002a 0021") + ip, plain),
    HeaderRow(
      "PPPoE link control", Parts.macs + hex("8864 1100 0001 002a c021"), "ppp: not IP (PPP protocol 0xc021)"),
    HeaderRow("PPPoE with a short protocol", Parts.macs + hex("8864 1100 0001 0029 57") + ip6, plain6),
    HeaderRow("provider backbone", Parts.macs + hex("88e7 00000001") + Parts.macs + hex("0800") + ip, plain),
    HeaderRow("redundancy tag", Parts.macs + hex("892f 0034 0001 0800") + ip, plain),
    HeaderRow("service header", Parts.macs + hex("894f 0fc2 0101 00000000") + ip, plain),
    HeaderRow(
      "service header with Ethernet",
      Parts.macs + hex("894f 0fc2 0103 00000000") + Parts.macs + hex("0800") + ip, plain),
    HeaderRow("an Ethernet header cut", Parts.macs, "link: truncated (14 bytes needed)"),
    HeaderRow("a VLAN tag cut", Parts.macs + hex("8100 0064 08"), "vlan: truncated (4 bytes needed)"),
    HeaderRow("SLL", hex("0000 0001 0006 020000000001 0000 0800") + ip, .linuxSLL, plain),
    HeaderRow(
      "SLL with a tag", hex("0000 0001 0006 020000000001 0000 8100 0064 86dd") + ip6, .linuxSLL, plain6),
    HeaderRow("SLL cut", hex("0000 0001 0006"), .linuxSLL, "link: truncated (16 bytes needed)"),
    HeaderRow(
      "SLL of CAN", hex("0000 0118 0000 020000000001 0000 000c"), .linuxSLL, "link: not IP (EtherType 0x000c)"
    ),
    HeaderRow("SLL2", hex("86dd 0000 00000002 0001 00 06 0200000000010000") + ip6, .linuxSLL2, plain6),
    HeaderRow("SLL2 cut", hex("86dd"), .linuxSLL2, "link: truncated (20 bytes needed)"),
    HeaderRow("raw", ip, .raw, plain),
    HeaderRow("raw as OpenBSD numbers it", ip6, LinkType(rawValue: 14), plain6),
    HeaderRow("raw as others number it", ip, .rawBSD, plain),
    HeaderRow("raw without a byte", [], .raw, "ipv4: truncated (20 bytes needed)"),
    HeaderRow("raw of version 5", hex("55"), .raw, "ipv4: IP version 5"),
    HeaderRow("raw IPv4", ip, .ipv4, plain),
    HeaderRow("raw IPv6", ip6, .ipv6, plain6),
    HeaderRow("IPv4 where IPv6 was announced", ip, .ipv6, "ipv6: IP version 4"),
    HeaderRow("loopback, little-endian", hex("02000000") + ip, .null, plain),
    HeaderRow("loopback, big-endian", hex("00000002") + ip, .null, plain),
    HeaderRow("loopback of macOS with IPv6", hex("1e000000") + ip6, .null, plain6),
    HeaderRow("loopback of FreeBSD with IPv6", hex("0000001c") + ip6, .null, plain6),
    HeaderRow("loopback of something else", hex("07000000"), .null, "loopback: not IP (protocol family 7)"),
    HeaderRow("OpenBSD loopback", hex("00000018") + ip6, .loop, plain6),
    HeaderRow("PPP", hex("ff03 0021") + ip, .ppp, plain),
    HeaderRow("PPP without its first bytes", hex("0057") + ip6, .ppp, plain6),
    HeaderRow("Cisco HDLC", hex("0f00 0800") + ip, .ciscoHDLC, plain),
    HeaderRow("Cisco HDLC in a PPP capture", hex("0f00 0800") + ip, .pppHDLC, plain),
    HeaderRow("FDDI", hex("50") + Parts.macs + hex("aaaa03 000000 0800") + ip, .fddi, plain),
    HeaderRow(
      "IP over InfiniBand", [UInt8](repeating: 0, count: 40) + hex("0800 0000") + ip, .ipOverInfiniBand, plain
    ),
    HeaderRow("802.11", ip, LinkType(rawValue: 105), "link: link type IEEE802_11 (105) is not supported"),
    HeaderRow(
      "a link type without a name", ip, LinkType(rawValue: 9999),
      "link: link type LINKTYPE_9999 (9999) is not supported"),
  ]

  static let networks: [HeaderRow] = [
    HeaderRow("options", Parts.ipv4(hex("01010100") + Parts.tcp, first: 0x46), .raw, plain),
    HeaderRow(
      "padding after the datagram", Parts.ipv4(hex("03e8"), protocol: 17) + Parts.udp, .raw,
      "10.0.0.1 > 10.0.0.2 udp [udp: length field 2 is too small]"),
    HeaderRow("total length 0", Parts.ipv4(Parts.tcp, length: 0), .raw, plain),
    HeaderRow("total length beyond the frame", Parts.ipv4(Parts.tcp, length: 1500), .raw, plain),
    HeaderRow(
      "total length below the header", Parts.ipv4(Parts.tcp, length: 19), .raw,
      "ipv4: length field 19 is too small"),
    HeaderRow(
      "total length below the options", Parts.ipv4(Parts.tcp, first: 0x4f, length: 24), .raw,
      "10.0.0.1 > 10.0.0.2 tcp [ipv4: length field 24 is too small]"),
    HeaderRow(
      "header length 4", Parts.ipv4(Parts.tcp, first: 0x44), .raw, "ipv4: header length 16 is too small"),
    HeaderRow(
      "options cut", Array(Parts.ipv4(Parts.tcp, first: 0x4f).prefix(30)), .raw,
      "10.0.0.1 > 10.0.0.2 tcp [ipv4: truncated (60 bytes needed)]"),
    HeaderRow("first fragment", replacing(ip, 6, with: "2000"), .raw, plain + " fragment 0+"),
    HeaderRow("later fragment", replacing(ip, 6, with: "2003"), .raw, "10.0.0.1 > 10.0.0.2 tcp fragment 24+"),
    HeaderRow("last fragment", replacing(ip, 6, with: "0003"), .raw, "10.0.0.1 > 10.0.0.2 tcp fragment 24"),
    HeaderRow("another protocol", Parts.ipv4(Parts.tcp, protocol: 47), .raw, "10.0.0.1 > 10.0.0.2 47"),
    HeaderRow("IPv6 cut", Array(ip6.prefix(39)), .raw, "ipv6: truncated (40 bytes needed)"),
    HeaderRow("hop-by-hop", Parts.ipv6(hex("06 00 0104 00000000") + Parts.tcp, next: 0), .raw, plain6),
    HeaderRow(
      "routing, then destination options",
      Parts.ipv6(
        hex("3c 00 0000 00000000 06 01 010c") + [UInt8](repeating: 0, count: 12) + Parts.tcp, next: 43), .raw,
      plain6),
    HeaderRow(
      "an atomic fragment", Parts.ipv6(hex("06 00 0000 00000007") + Parts.tcp, next: 44), .raw, plain6),
    HeaderRow(
      "first IPv6 fragment", Parts.ipv6(hex("06 00 0001 00000007") + Parts.tcp, next: 44), .raw,
      plain6 + " fragment 0+"),
    HeaderRow(
      "later IPv6 fragment", Parts.ipv6(hex("06 00 0010 00000007") + Parts.tcp, next: 44), .raw,
      "2001:db8::1 > 2001:db8::2 tcp fragment 16"),
    HeaderRow(
      "authentication ends the chain", Parts.ipv6(hex("06 04 0000") + Parts.tcp, next: 51), .raw,
      "2001:db8::1 > 2001:db8::2 51"),
    HeaderRow("no next header", Parts.ipv6([], next: 59), .raw, "2001:db8::1 > 2001:db8::2 59"),
    HeaderRow(
      "an extension header cut", Array(Parts.ipv6(hex("06 08 0104") + Parts.tcp, next: 0, length: 100)), .raw,
      "2001:db8::1 > 2001:db8::2 0 [ipv6_extension: truncated (72 bytes needed)]"),
    HeaderRow(
      "an extension header longer than the payload", Parts.ipv6(hex("06 08 0104") + Parts.tcp, next: 0), .raw,
      "2001:db8::1 > 2001:db8::2 0 [ipv6_extension: length field 24 is too small]"),
    HeaderRow(
      "a jumbogram", Parts.ipv6(hex("06 00 c204 00011170") + Parts.tcp, next: 0, length: 0), .raw, plain6),
    HeaderRow(
      "payload length 0", Parts.ipv6(Parts.tcp, length: 0), .raw,
      "2001:db8::1 > 2001:db8::2 tcp [tcp: length field 0 is too small]"),
    HeaderRow(
      "endless extension headers",
      Parts.ipv6([UInt8](repeating: 0, count: 4096), next: 0), .raw,
      "2001:db8::1 > 2001:db8::2 0 [ipv6_extension: more than 128 headers]"),
  ]

  /// Tags within tags, as many as are stepped over, and one more.
  @Test(arguments: [(64, true), (65, false)]) func manyHeaders(count: Int, isDecoded: Bool) {
    let tags = (0..<count).flatMap { $0 == count - 1 ? hex("0001 0800") : hex("0001 8100") }
    let packet = decode(Parts.macs + hex("8100") + tags + Parts.ipv4(Parts.tcp)).packet
    #expect(packet.stop?.description == (isDecoded ? nil : "more than 64 headers"))
    #expect(packet.hasTransport == isDecoded)
  }

  static let transports: [HeaderRow] = [
    HeaderRow("UDP", Parts.ipv4(Parts.udp, protocol: 17), .raw, "10.0.0.1.1000 > 10.0.0.2.2000 udp"),
    HeaderRow(
      "UDP cut after its ports", Array(Parts.ipv4(Parts.udp, protocol: 17).prefix(24)), .raw,
      "10.0.0.1.1000 > 10.0.0.2.2000 udp"),
    HeaderRow(
      "UDP cut in its ports", Array(Parts.ipv4(Parts.udp, protocol: 17).prefix(23)), .raw,
      "10.0.0.1 > 10.0.0.2 udp [udp: truncated (4 bytes needed)]"),
    HeaderRow("TCP cut after its flags", Array(ip.prefix(34)), .raw, plain),
    HeaderRow(
      "TCP cut after its ports", Array(ip.prefix(24)), .raw,
      "10.0.0.1.1000 > 10.0.0.2.2000 tcp [tcp: truncated (14 bytes needed)]"),
    HeaderRow(
      "TCP cut in its ports", Array(ip.prefix(23)), .raw,
      "10.0.0.1 > 10.0.0.2 tcp [tcp: truncated (14 bytes needed)]"),
    HeaderRow(
      "TCP with a header of 16 bytes", Parts.ipv4(replacing(Parts.tcp, 12, with: "4012")), .raw,
      "10.0.0.1.1000 > 10.0.0.2.2000 tcp [tcp: header length 16 is too small]"),
    HeaderRow(
      "TCP without flags", Parts.ipv4(replacing(Parts.tcp, 12, with: "5000")), .raw,
      "10.0.0.1.1000 > 10.0.0.2.2000 tcp "),
    HeaderRow(
      "TCP with all flags", Parts.ipv4(replacing(Parts.tcp, 12, with: "50ff")), .raw,
      "10.0.0.1.1000 > 10.0.0.2.2000 tcp SFRPAUEW"),
    HeaderRow(
      "echo request", Parts.ipv4(hex("0800 0000 1234 0001"), protocol: 1), .raw,
      "10.0.0.1 > 10.0.0.2 icmp 8/0 id 4660"),
    HeaderRow(
      "timestamp reply", Parts.ipv4(hex("0e00 0000 1234 0001"), protocol: 1), .raw,
      "10.0.0.1 > 10.0.0.2 icmp 14/0 id 4660"),
    HeaderRow(
      "extended echo request, version 6", Parts.ipv6(hex("a000 0000 1234 0101"), next: 58), .raw,
      "2001:db8::1 > 2001:db8::2 icmpv6 160/0 id 4660"),
    HeaderRow(
      "redirect: a gateway, no identifier", Parts.ipv4(hex("0501 0000 0a000001"), protocol: 1), .raw,
      "10.0.0.1 > 10.0.0.2 icmp 5/1 id 0"),
    HeaderRow(
      "ICMP cut", Array(Parts.ipv4(hex("0301 0000 1234 0001"), protocol: 1).prefix(27)), .raw,
      "10.0.0.1 > 10.0.0.2 icmp 3/1 id 0 [icmp: truncated (8 bytes needed)]"),
    HeaderRow(
      "echo reply, version 6", Parts.ipv6(hex("8100 0000 1234 0001"), next: 58), .raw,
      "2001:db8::1 > 2001:db8::2 icmpv6 129/0 id 4660"),
    HeaderRow(
      "SCTP", Parts.ipv4(Parts.udp + hex("00000000"), protocol: 132), .raw,
      "10.0.0.1.1000 > 10.0.0.2.2000 132"),
    HeaderRow(
      "SCTP too short for its header", Parts.ipv4(Parts.udp, protocol: 132), .raw, "10.0.0.1 > 10.0.0.2 132"),
    HeaderRow("DCCP", Parts.ipv4(Parts.udp, protocol: 33), .raw, "10.0.0.1.1000 > 10.0.0.2.2000 33"),
    HeaderRow("UDP-Lite", Parts.ipv4(Parts.udp, protocol: 136), .raw, "10.0.0.1.1000 > 10.0.0.2.2000 136"),
  ]

  static func replacing(_ bytes: [UInt8], _ offset: Int, with text: String) -> [UInt8] {
    var bytes = bytes
    let value = hex(text)
    bytes.replaceSubrange(offset..<offset + value.count, with: value)
    return bytes
  }

  @Test(arguments: links) func readsLinkLayers(row: HeaderRow) {
    #expect(line(decode(row.frame, linkType: row.linkType).packet) == row.expected)
  }

  @Test(arguments: networks) func readsNetworkLayers(row: HeaderRow) {
    #expect(line(decode(row.frame, linkType: row.linkType).packet) == row.expected)
  }

  @Test(arguments: transports) func readsTransportLayers(row: HeaderRow) {
    #expect(line(decode(row.frame, linkType: row.linkType).packet) == row.expected)
  }

  @Test func portsThatNoRuleLooksAtAreNotTransportFields() {
    let packet = decode(Parts.ipv4(Parts.udp, protocol: 136), linkType: .raw).packet
    #expect(!packet.hasTransport)
    #expect(packet.fields.contains(.unjudgedPorts))
  }

  @Test func aRecordOutsideItsBlockIsUndecoded() {
    var batch = PacketBatch()
    let bytes: [UInt8] = [1, 2, 3]
    for (offset, length) in [(0, 4), (3, 1), (4, 0), (-1, 1), (Int.max, 1), (Int.min, UInt32.max)] {
      let record = PacketRecord(
        offset: offset, capturedLength: length, wireLength: 9, time: CaptureTime(nanoseconds: 0),
        linkType: .raw)
      PacketDecoder().decode(bytes.span, [record], into: &batch)
    }
    #expect(batch.packets.count == 6)
    #expect(batch.packets.allSatisfy { $0.stop?.reason == .truncated })
  }
}
