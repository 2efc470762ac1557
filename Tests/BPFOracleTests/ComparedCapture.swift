import CaptureFiles
import NetworkTypes
import RuleMatching
import WireFormat

/// The packets of a capture, each with its frame, and whether libpcap and the decoder can be held against each other.
struct ComparedCapture {
  /// Why a packet is not compared: each is a difference by design, found by other means than the decoder's.
  enum Difference: String, CaseIterable, Comparable {
    /// The decoder has given a reason why it stops: what is cut off or contradicts itself is not judged, libpcap looks at
    /// the bytes that are there.
    case undecoded
    /// Ports and types stand in the first fragment; a later one is judged as that was (semantics NACL-18).
    case laterFragment
    /// libpcap looks at the first header of IPv6 only.
    case extensionHeaders
    /// The EtherType says another version than the header.
    case wrongVersion
    /// A header between link and network layer that libpcap does not step over: `ip` and `ip6` find nothing, with a VLAN
    /// tag, an MPLS label or a PPPoE header or without.
    case carrier

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  }

  struct Packet {
    var frame: [UInt8]
    var record: PacketRecord
    var summary: PacketSummary
    var difference: Difference?
  }

  private(set) var packets: [Packet] = []
  private(set) var error: CaptureError?

  init(path: String, limit: Int = 4000) {
    do throws(CaptureError) {
      var reader = try CaptureReader(path: path)
      var batch = PacketBatch()
      while packets.count < limit {
        guard try reader.advance(limit: 64) else { break }
        batch.removeAll()
        PacketDecoder().decode(reader.bytes, reader.records, into: &batch)
        for (record, summary) in zip(reader.records, batch.packets) {
          let bytes = reader.bytes.extracting(record.offset..<record.offset + Int(record.capturedLength))
          packets.append(
            Packet(
              frame: (0..<bytes.count).map { bytes[$0] }, record: record, summary: summary, difference: nil))
        }
      }
    } catch { self.error = error }
    var looks: [LinkType: Look] = [:]
    for linkType in Set(packets.map(\.record.linkType)) { looks[linkType] = Look(linkType) }
    unfiltered = packets.count { looks[$0.record.linkType] == nil }
    packets.removeAll { looks[$0.record.linkType] == nil }
    for index in packets.indices {
      packets[index].difference = looks[packets[index].record.linkType]?.difference(packets[index])
    }
  }

  /// Packets of link types for which libpcap makes no filter for IP.
  private(set) var unfiltered = 0

  /// What libpcap sees of a frame as a whole.
  private struct Look {
    private let ip4: CarriedFilter
    private let ip6: CarriedFilter
    private let wrongVersion: CarriedFilter
    private let extended: CarriedFilter

    init?(_ linkType: LinkType) {
      guard let ip4 = CarriedFilter("ip", linkType), let ip6 = CarriedFilter("ip6", linkType),
        let wrongVersion = CarriedFilter(
          "(ip and ip[0] & 0xf0 != 0x40) or (ip6 and ip6[0] & 0xf0 != 0x60)", linkType),
        let extended = CarriedFilter(
          ([0, 43, 44, 51, 60, 135, 139, 140] as [Int]).map { "ip6[6] = \($0)" }.joined(separator: " or "),
          linkType)
      else { return nil }
      (self.ip4, self.ip6, self.wrongVersion, self.extended) = (ip4, ip6, wrongVersion, extended)
    }

    func difference(_ packet: Packet) -> Difference? {
      func sees(_ filter: CarriedFilter) -> Bool {
        filter.matches(packet.frame, wireLength: packet.record.wireLength)
      }
      if packet.summary.stop != nil || !packet.summary.hasAddresses { return .undecoded }
      if packet.summary.isLaterFragment { return .laterFragment }
      if sees(wrongVersion) { return .wrongVersion }
      if sees(extended) { return .extensionHeaders }
      if !sees(ip4) && !sees(ip6) { return .carrier }
      return nil
    }
  }
}
