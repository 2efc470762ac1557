import CaptureFiles
import Foundation
import NetworkTypes
import ReportFormats
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
    let listed = Self.listed(read.packets)
    #expect(listed.count == read.packets.count)
    for ((row, packet), ours) in zip(zip(rows, read.packets), listed) {
      let difference = Self.difference(row, packet, ours, file: file)
      #expect(difference == nil, "\(file)#\(row["frame"]): \(difference ?? "")")
    }
  }

  /// The packets as `sallyport packets --format tsv` lists them.
  private static func listed(_ packets: [TruthFile.Packet]) -> [TruthRow] {
    var listing = PacketListing(format: .tsv)
    var buffer = TextBuffer()
    listing.begin(&buffer)
    var batch = PacketBatch()
    batch.packets = packets.map(\.summary)
    listing.append(batch, to: &buffer)
    return TruthRow.rows(String(decoding: buffer.bytes, as: UTF8.self))
  }

  /// The first column in which tshark and we differ; nil if none does.
  private static func difference(
    _ row: TruthRow, _ packet: TruthFile.Packet, _ ours: TruthRow, file: TruthFile
  ) -> String? {
    let summary = packet.summary
    let record = packet.record
    func unequal(_ column: String, _ ours: String) -> String? {
      row[column] == ours ? nil : "\(column): tshark \(row[column]), ours \(ours) (\(summary))"
    }
    let pseudo = record.linkType.pseudoHeaderLength
    if let problem =
      unequal("caplen", "\(record.capturedLength - pseudo)") ?? unequal("len", ours["length"])
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
      let isNamed = ours["status"].contains("link type \(record.linkType.name) (\(record.linkType.rawValue))")
      return summary.stop == expected && isNamed && ours["src_ip"] == "" ? nil : "not undecoded: \(summary)"
    }
    let hasAddresses = row["src"] != "" || row["dst"] != ""
    guard summary.hasAddresses == hasAddresses else { return "addresses: tshark \(hasAddresses): \(summary)" }
    if !hasAddresses { return ours["status"] == "ok" ? "no stop" : unequal("src", ours["src_ip"]) }
    return unequal("src", ours["src_ip"])
      ?? (acceptedDestinations.contains("\(file)#\(row["frame"])") ? nil : unequal("dst", ours["dst_ip"]))
      ?? unequal("upper", number(ours["protocol"])) ?? unequal("mf", ours["more_fragments"])
      ?? unequal("frag_off", ours["fragment_offset"]) ?? unequal("sport", ours["src_port"])
      ?? unequal("dport", ours["dst_port"]) ?? unequal("tcp_flags", flags(ours["tcp_flags"]))
      ?? unequal("icmp_type", ours["icmp_type"]) ?? unequal("icmp_code", ours["icmp_code"])
  }

  private static func number(_ name: String) -> String {
    IPProtocol(name).map { "\($0.rawValue)" } ?? name
  }

  /// The letters as tshark's number.
  private static func flags(_ letters: String) -> String {
    if letters.isEmpty { return "" }
    let value = letters.reduce(0) { sum, letter in
      let bit = Array("FSRPAUEW").firstIndex(of: letter)
      return sum | (bit.map { 1 << $0 } ?? 1 << 20)
    }
    return "0x" + String(value, radix: 16)
  }

  private static func epoch(_ time: CaptureTime) -> String {
    let digits = String(time.nanoseconds % 1_000_000_000)
    return "\(time.nanoseconds / 1_000_000_000)." + String(repeating: "0", count: 9 - digits.count) + digits
  }
}
