import Filtering
import NetworkTypes

/// Writes one record a packet, as NDJSON or CSV.
///
/// What an outcome says is put into words once and copied afterwards.
public struct VerdictWriter: Sendable {
  public enum Format: String, Sendable, CaseIterable {
    /// One JSON object a line; fields that do not apply are left out.
    case ndjson
    /// RFC 4180: a header line, always all columns, lines that end in CR LF.
    case csv

    /// The format that a file's name asks for: CSV for `.csv`, otherwise NDJSON.
    public init(path: String) { self = path.lowercased().hasSuffix(".csv") ? .csv : .ndjson }
  }

  /// The columns of CSV, which are also the keys of NDJSON.
  public static let columns = [
    "frame", "time", "length", "src_ip", "dst_ip", "protocol", "src_port", "dst_port", "icmp_type",
    "icmp_code",
    "tcp_flags", "verdict", "state", "interface", "direction", "stage", "code", "rule", "missing",
    "outer_src_ip", "outer_dst_ip", "vni", "duplicate",
  ]

  public let format: Format
  private var filter: PacketFilter
  private let words: RecordWords
  private var times = TimeText()
  /// What follows the state, by outcome; empty where it was not needed yet.
  private var endings: [[UInt8]] = []
  /// The number of the latest packet; frames count from 1 over all that is written.
  private var frame: UInt64 = 0

  public init(_ format: Format, _ filter: PacketFilter) {
    self.format = format
    self.filter = filter
    words = RecordWords(format)
  }

  /// Goes on with the names of a filter that follows a change of the network.
  public mutating func goOn(with filter: PacketFilter) { self.filter = filter }

  /// Appends what stands before the first record: the header line of CSV.
  public func begin(_ buffer: inout TextBuffer) {
    if format == .csv { buffer.append(Self.columns.joined(separator: ",") + "\r\n") }
  }

  /// Appends the records of a batch and its verdicts, which `tracker` has produced.
  ///
  /// - Parameter duplicates: Places in the batch of second copies of mirrored packets, in order.
  public mutating func append(
    _ batch: PacketBatch, _ verdicts: [Verdict], duplicates: [Int] = [], tracker: ConnectionTracker,
    to buffer: inout TextBuffer
  ) {
    var copies = duplicates[...]
    for (index, verdict) in verdicts.enumerated() {
      let packet = batch.packets[index]
      let outcome = Int(verdict.outcome.rawValue)
      while endings.count <= outcome { endings.append([]) }
      if endings[outcome].isEmpty {
        endings[outcome] = RecordEnding(tracker[verdict.outcome], filter).bytes(format)
      }
      frame += 1
      append(packet, verdict, to: &buffer)
      let isCopy = copies.first == index
      if isCopy { copies.removeFirst() }
      append(batch.outer(of: index), isCopy: isCopy, to: &buffer)
    }
  }

  /// What was around the packet, and the record's end.
  private func append(_ outer: OuterPacket?, isCopy: Bool, to buffer: inout TextBuffer) {
    words.outerSource.append(to: &buffer, if: outer != nil) { buffer in
      if let outer { buffer.append(outer.addresses.source) }
    }
    words.outerDestination.append(to: &buffer, if: outer != nil) { buffer in
      if let outer { buffer.append(outer.addresses.destination) }
    }
    words.network.append(to: &buffer, if: outer != nil) { $0.append(decimal: outer?.network ?? 0) }
    words.duplicate.append(to: &buffer, if: isCopy) { $0.append("true") }
    buffer.append(words.end)
  }

  private mutating func append(_ packet: PacketSummary, _ verdict: Verdict, to buffer: inout TextBuffer) {
    buffer.append(words.frame)
    buffer.append(decimal: frame)
    words.time.append(to: &buffer, if: packet.time.nanoseconds != 0) { times.append(packet.time, to: &$0) }
    words.length.append(to: &buffer, if: true) { $0.append(decimal: packet.wireLength) }
    let hasAddresses = packet.hasAddresses
    words.source.append(to: &buffer, if: hasAddresses) { $0.append(packet.addresses.source) }
    words.destination.append(to: &buffer, if: hasAddresses) { $0.append(packet.addresses.destination) }
    words.ipProtocol.append(to: &buffer, if: hasAddresses) { $0.append(packet.ipProtocol) }
    let hasPorts =
      packet.fields.contains(.unjudgedPorts) || packet.hasTransport && packet.ipProtocol.hasPorts
    words.sourcePort.append(to: &buffer, if: hasPorts) { $0.append(decimal: packet.sourcePort) }
    words.destinationPort.append(to: &buffer, if: hasPorts) { $0.append(decimal: packet.destinationPort) }
    let hasKind = packet.hasTransport && packet.ipProtocol.hasICMPKind
    words.icmpType.append(to: &buffer, if: hasKind) { $0.append(decimal: packet.icmp.type) }
    words.icmpCode.append(to: &buffer, if: hasKind) { $0.append(decimal: packet.icmp.code) }
    let hasFlags = packet.fields.contains(.tcpFlags)
    words.tcpFlags.append(to: &buffer, if: hasFlags) { $0.append(packet.tcpFlags) }
    buffer.append(words.verdicts[Int(verdict.packetClass.rawValue)])
    buffer.append(words.states[Int(verdict.state.rawValue)])
    buffer.append(endings[Int(verdict.outcome.rawValue)])
  }
}
