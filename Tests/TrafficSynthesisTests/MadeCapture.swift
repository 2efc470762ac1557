import CaptureFiles
import Filtering
import Foundation
import NetworkTypes
import TestSupport
import TrafficSynthesis
import VirtualNetworks
import WireFormat

/// A made-up capture in a file of its own.
struct MadeCapture {
  let folder: TemporaryFolder
  let path: String
  let bytes: [UInt8]

  init(
    _ mix: TrafficMix, _ network: VirtualNetwork = .forSynthesis, format: CaptureEncoder.Format = .pcap
  ) throws {
    var traffic = TrafficSynthesizer(mix, network)
    try self.init(format) { encoder, bytes in while traffic.write(to: &bytes, encoder) {} }
  }

  /// The boundary capture of a network.
  init(
    boundariesOf network: VirtualNetwork, firstLook: Int = BoundaryTraffic.firstLook
  ) throws {
    var traffic = BoundaryTraffic(network, firstLook: firstLook)
    try self.init(.pcapng) { encoder, bytes in traffic.write(to: &bytes, encoder) { _ in } }
  }

  init(_ format: CaptureEncoder.Format, _ body: (CaptureEncoder, inout [UInt8]) -> Void) throws {
    var encoder = CaptureEncoder(format)
    var bytes: [UInt8] = []
    encoder.begin(CaptureInterface(linkType: .ethernet, snapLength: 0), into: &bytes)
    body(encoder, &bytes)
    self.bytes = bytes
    folder = try TemporaryFolder()
    path = try folder.write(Data(bytes), "made.\(format.rawValue)")
  }

  /// The packets, decoded.
  func packets() throws -> PacketBatch {
    var batch = PacketBatch()
    var reader = try CaptureReader(path: path)
    while try reader.advance() { PacketDecoder().decode(reader.bytes, reader.records, into: &batch) }
    return batch
  }

  /// The verdict on each packet.
  func verdicts(in network: VirtualNetwork) throws -> [PacketClass] {
    Self.verdicts(on: try packets(), in: network)
  }

  static func verdicts(on batch: PacketBatch, in network: VirtualNetwork) -> [PacketClass] {
    let filter = PacketFilter(network)
    var tracker = ConnectionTracker()
    return batch.packets.map {
      filter.evaluate($0, quoting: batch.quote(of: $0), tracking: &tracker).packetClass
    }
  }

  /// Whether the verdicts differ anywhere from these.
  static func differs(_ batch: PacketBatch, from verdicts: [PacketClass], in network: VirtualNetwork) -> Bool
  {
    let filter = PacketFilter(network)
    var tracker = ConnectionTracker()
    return zip(batch.packets, verdicts).contains { packet, verdict in
      filter.evaluate(packet, quoting: batch.quote(of: packet), tracking: &tracker).packetClass != verdict
    }
  }

  /// FNV-1a, to compare bytes with those of another machine.
  var checksum: UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }
}
