import NetworkTypes

/// Renders decoded packets one by one, as `sallyport packets` prints them.
///
/// Frames count from 1 over everything that one listing renders.
public struct PacketListing: Sendable {
  /// How a packet is written.
  public enum Format: String, Sendable, CaseIterable {
    case text, tsv, json
  }

  public let format: Format
  var frame: UInt64 = 0
  var times = TimeText()

  public init(format: Format) { self.format = format }

  /// Appends what stands before the first packet: the header line of `tsv`.
  public func begin(_ buffer: inout TextBuffer) {
    if format == .tsv {
      buffer.append(Self.columns.joined(separator: "\t"))
      buffer.append("\n")
    }
  }

  /// Appends one line a packet.
  public mutating func append(_ batch: PacketBatch, to buffer: inout TextBuffer) {
    for packet in batch.packets {
      frame += 1
      switch format {
      case .text: appendText(packet, to: &buffer)
      case .tsv: appendTSV(packet, to: &buffer)
      case .json: appendJSON(packet, to: &buffer)
      }
      buffer.append("\n" as Unicode.Scalar)
    }
  }

  /// The columns of `tsv`, which are also the keys of `json`.
  public static let columns = [
    "frame", "src_ip", "dst_ip", "protocol", "src_port", "dst_port", "icmp_type", "icmp_code",
    "fragment_offset", "more_fragments", "tcp_flags", "length", "status",
  ]
}

extension PacketSummary {
  /// Whether there are ports to show: those of TCP and UDP, and those that no rule looks at.
  var showsPorts: Bool { hasTransport && ipProtocol.hasPorts || fields.contains(.unjudgedPorts) }

  var showsICMPKind: Bool { hasTransport && ipProtocol.hasICMPKind }
}

extension TextBuffer {
  /// Appends `ok`, or the layer and reason of a packet's stop.
  mutating func append(statusOf packet: PacketSummary) {
    guard let stop = packet.stop else { return append("ok") }
    append(stop.layer.description)
    append(": ")
    append(stop.description)
  }
}
