import NetworkTypes
import ReportFormats
import Testing

struct PacketListingTests {
  struct Row: Sendable, CustomStringConvertible {
    var description: String
    var packet: PacketSummary
    /// Without frame and time.
    var text: String
    /// Without the frame, and with | for the tabs.
    var tsv: String
  }

  static func packet(_ change: (inout PacketSummary) -> Void) -> PacketSummary {
    var packet = PacketSummary(
      addresses: .v4(source: IPv4Address(10, 0, 0, 1), destination: IPv4Address(10, 0, 0, 2)),
      time: CaptureTime(nanoseconds: 0), wireLength: 74, fields: [.addresses, .fragmentOffset],
      ipProtocol: .tcp)
    change(&packet)
    return packet
  }

  static let rows: [Row] = [
    Row(
      description: "TCP",
      packet: packet {
        $0.fields.formUnion([.transport, .tcpFlags])
        ($0.sourcePort, $0.destinationPort, $0.tcpFlags) = (22, 4000, [.syn, .ack])
      },
      text: "IP 10.0.0.1.22 > 10.0.0.2.4000: tcp SA, length 74",
      tsv: "10.0.0.1|10.0.0.2|tcp|22|4000|||0|0|SA|74|ok"),
    Row(
      description: "TCP without flags",
      packet: packet { $0.fields.formUnion([.transport, .tcpFlags]) },
      text: "IP 10.0.0.1.0 > 10.0.0.2.0: tcp none, length 74",
      tsv: "10.0.0.1|10.0.0.2|tcp|0|0|||0|0||74|ok"),
    Row(
      description: "ICMP",
      packet: packet {
        $0.ipProtocol = .icmp
        $0.fields.insert(.transport)
        ($0.sourcePort, $0.destinationPort) = (77, 0x0301)
      },
      text: "IP 10.0.0.1 > 10.0.0.2: icmp type 3 code 1, length 74",
      tsv: "10.0.0.1|10.0.0.2|icmp|||3|1|0|0||74|ok"),
    Row(
      description: "SCTP",
      packet: packet {
        $0.ipProtocol = IPProtocol(rawValue: 132)
        $0.fields.insert(.unjudgedPorts)
        ($0.sourcePort, $0.destinationPort) = (1, 2)
      },
      text: "IP 10.0.0.1.1 > 10.0.0.2.2: 132, length 74",
      tsv: "10.0.0.1|10.0.0.2|132|1|2|||0|0||74|ok"),
    Row(
      description: "a fragment in the middle",
      packet: packet {
        $0.ipProtocol = .udp
        $0.fields.formUnion([.fragment, .moreFragments])
        $0.fragmentOffset = 1480
      },
      text: "IP 10.0.0.1 > 10.0.0.2: udp, fragment at 1480, more follow, length 74",
      tsv: "10.0.0.1|10.0.0.2|udp|||||1480|1||74|ok"),
    Row(
      description: "IPv6 without a fragment header",
      packet: packet {
        $0.addresses = .v6(source: IPv6Address("2001:db8::1")!, destination: IPv6Address("::")!)
        $0.fields = .addresses
        $0.ipProtocol = IPProtocol(rawValue: 59)
      },
      text: "IP6 2001:db8::1 > ::: 59, length 74",
      tsv: "2001:db8::1|::|59||||||||74|ok"),
    Row(
      description: "TCP cut after its ports",
      packet: packet {
        $0.fields.insert(.transport)
        $0.stop = DecodingStop(.tcp, .truncated, detail: 14)
      },
      text: "IP 10.0.0.1.0 > 10.0.0.2.0: tcp [tcp: truncated (14 bytes needed)], length 74",
      tsv: "10.0.0.1|10.0.0.2|tcp|0|0|||0|0||74|tcp: truncated (14 bytes needed)"),
    Row(
      description: "ARP",
      packet: packet {
        $0.fields = []
        $0.stop = DecodingStop(.link, .notIP, detail: 0x0806)
      },
      text: "link: not IP (EtherType 0x0806, ARP), length 74",
      tsv: "||||||||||74|link: not IP (EtherType 0x0806, ARP)"),
    Row(
      description: "a link type that is not read",
      packet: packet {
        $0.fields = []
        $0.stop = DecodingStop(.link, .unsupportedLinkType, detail: 105)
      },
      text: "link: link type IEEE802_11 (105) is not supported, length 74",
      tsv: "||||||||||74|link: link type IEEE802_11 (105) is not supported"),
  ]

  static func listed(_ packet: PacketSummary, _ format: PacketListing.Format) -> String {
    var listing = PacketListing(format: format)
    var buffer = TextBuffer()
    var batch = PacketBatch()
    batch.packets = [packet]
    listing.append(batch, to: &buffer)
    return String(decoding: buffer.bytes, as: UTF8.self)
  }

  @Test(arguments: rows) func lists(row: Row) {
    #expect(Self.listed(row.packet, .text) == "1 1970-01-01T00:00:00.000000Z \(row.text)\n")
    #expect(Self.listed(row.packet, .tsv) == "1\t" + row.tsv.replacing("|", with: "\t") + "\n")
  }

  @Test(arguments: rows) func jsonHasWhatTabSeparatedValuesHave(row: Row) {
    let values = Self.listed(row.packet, .tsv).dropLast().split(
      separator: "\t", omittingEmptySubsequences: false)
    let json = Self.listed(row.packet, .json)
    for (column, value) in zip(PacketListing.columns, values) where !value.isEmpty {
      let isNumber = value.allSatisfy(\.isNumber) && column != "protocol"
      #expect(json.contains(isNumber ? "\"\(column)\":\(value)" : "\"\(column)\":\"\(value)\""))
    }
    for (column, value) in zip(PacketListing.columns, values) where value.isEmpty && column != "tcp_flags" {
      #expect(!json.contains("\"\(column)\""))
    }
  }
}
