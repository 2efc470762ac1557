import CaptureFiles
import Foundation
import NetworkTypes
import TestSupport
import Testing
import WireFormat

/// Every packet of every shared capture against what tshark sees in its outermost headers.
@Suite(
  .enabled(if: Environment.hasShared("captures/truth"), "../shared/data/captures is absent: not compared"))
struct SharedCaptureTests {
  /// Link types that are not decoded; their packets must say so by name.
  static let foreignLinks: Set<UInt16> = [8, 105, 106, 107, 123, 127, 129, 165, 178, 230, 239, 281, 284]

  /// Accepted differences, one by one: tshark stops at a cut option list before it gives the destination,
  /// because a source route might hide in it; rules look at the header's own destination, which is there.
  static let acceptedDestinations: Set<String> = [
    "zeek+zeek/testing/btest/Traces/trunc/mpls-6in6-broken.pcap.gz#417",
    "zeek+zeek/testing/btest/Traces/trunc/mpls-6in6-broken.pcap.gz#427",
  ]

  /// Tshark 4.0 numbers interfaces anew in each section; we count over the whole file.
  static let severalSections: Set<String> = ["google+gopacket/pcapgo/tests/be/test202.pcapng"]

  @Test(arguments: TruthFile.all)
  func agreesWithTshark(file: TruthFile) throws {
    let rows = try file.rows()
    let read = try file.read()
    if file.tsharkReads {
      #expect(read.packets.count == rows.count, "\(file)")
    } else {
      #expect(read.packets.count == file.libpcapPackets, "\(file): tshark refuses the file, libpcap counts")
      #expect(read.packets.allSatisfy { $0.summary.stop != nil })
    }
    for (row, packet) in zip(rows, read.packets) {
      let difference = Self.difference(row, packet, file: file)
      #expect(difference == nil, "\(file)#\(row["frame"]): \(difference ?? "")")
    }
  }

  private static func difference(_ row: TruthRow, _ packet: TruthFile.Packet, file: TruthFile) -> String? {
    let summary = packet.summary
    let record = packet.record
    func unequal(_ column: String, _ ours: String) -> String? {
      row[column] == ours ? nil : "\(column): tshark \(row[column]), ours \(ours) (\(summary))"
    }
    let pseudo = record.linkType.pseudoHeaderLength
    if let problem =
      unequal("caplen", "\(record.capturedLength - pseudo)") ?? unequal("len", "\(summary.wireLength)")
    {
      return problem
    }
    if row["time_epoch"] != "", let problem = unequal("time_epoch", Self.epoch(record.time)) {
      return problem
    }
    if row["iface"] != "", !severalSections.contains(file.path),
      let problem = unequal("iface", "\(record.interface)")
    {
      return problem
    }
    if foreignLinks.contains(record.linkType.rawValue) {
      let expected = DecodingStop(.link, .unsupportedLinkType, detail: UInt32(record.linkType.rawValue))
      return summary.stop == expected && !summary.hasAddresses ? nil : "not undecoded: \(summary)"
    }
    let hasAddresses = row["src"] != "" || row["dst"] != ""
    guard summary.hasAddresses == hasAddresses else { return "addresses: tshark \(hasAddresses): \(summary)" }
    if !hasAddresses { return summary.stop == nil ? "no stop" : nil }
    let fields = ShownFields(summary)
    return unequal("src", fields.source)
      ?? (acceptedDestinations.contains("\(file)#\(row["frame"])") ? nil : unequal("dst", fields.destination))
      ?? unequal("upper", fields.protocolNumber) ?? unequal("mf", fields.moreFragments)
      ?? unequal("frag_off", fields.fragmentOffset) ?? unequal("sport", fields.sourcePort)
      ?? unequal("dport", fields.destinationPort) ?? unequal("tcp_flags", fields.tcpFlags)
      ?? unequal("icmp_type", fields.icmpType) ?? unequal("icmp_code", fields.icmpCode)
  }

  private static func epoch(_ time: CaptureTime) -> String {
    let digits = String(time.nanoseconds % 1_000_000_000)
    return "\(time.nanoseconds / 1_000_000_000)." + String(repeating: "0", count: 9 - digits.count) + digits
  }
}

/// A summary's fields as the truth files write them: empty where they do not apply.
struct ShownFields {
  let source, destination, protocolNumber, sourcePort, destinationPort: String
  let icmpType, icmpCode, fragmentOffset, moreFragments, tcpFlags: String

  init(_ packet: PacketSummary) {
    let hasPorts =
      packet.hasTransport && packet.ipProtocol.hasPorts || packet.fields.contains(.unjudgedPorts)
    let hasKind = packet.hasTransport && packet.ipProtocol.hasICMPKind
    let hasOffset = packet.fields.contains(.fragmentOffset)
    source = packet.hasAddresses ? "\(packet.addresses.source)" : ""
    destination = packet.hasAddresses ? "\(packet.addresses.destination)" : ""
    protocolNumber = packet.hasAddresses ? "\(packet.ipProtocol.rawValue)" : ""
    sourcePort = hasPorts ? "\(packet.sourcePort)" : ""
    destinationPort = hasPorts ? "\(packet.destinationPort)" : ""
    icmpType = hasKind ? "\(packet.icmp.type)" : ""
    icmpCode = hasKind ? "\(packet.icmp.code)" : ""
    fragmentOffset = hasOffset ? "\(packet.fragmentOffset)" : ""
    moreFragments = hasOffset ? (packet.fields.contains(.moreFragments) ? "1" : "0") : ""
    tcpFlags = packet.fields.contains(.tcpFlags) ? "0x" + String(packet.tcpFlags.rawValue, radix: 16) : ""
  }
}
