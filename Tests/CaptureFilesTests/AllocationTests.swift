import AllocationCounter
import CaptureFiles
import NetworkTypes
import Testing
import WireFormat

/// Reading and decoding take no memory per packet once their buffers have grown.
@Suite(.enabled(if: allocations_are_counted(), "allocations are counted with glibc only"))
struct AllocationTests {
  static let packets = 100_000

  static func capture(isPcapNG: Bool) -> [UInt8] {
    var summary = PacketSummary(
      addresses: .v4(source: IPv4Address(10, 0, 0, 1), destination: IPv4Address(10, 0, 0, 2)),
      time: CaptureTime(nanoseconds: 0), wireLength: 60, ipProtocol: .tcp, sourcePort: 1, destinationPort: 2)
    let plain = PacketBuilder().frame(for: summary)
    summary.ipProtocol = .icmp
    summary.destinationPort = 0x0301
    let error = PacketBuilder().frame(for: summary, payload: Array(plain.dropFirst(14)))
    if isPcapNG {
      return PcapNGFormatTests.bytes { file in
        file.interface(linkType: 1)
        for index in 0..<packets { file.enhanced(index % 4 == 0 ? error : plain, time: UInt64(index)) }
      }
    }
    return PcapBytes(
      linkType: 1, packets: (0..<packets).map { (UInt32($0), 0, $0 % 4 == 0 ? error : plain, nil) }
    ).bytes
  }

  @Test(arguments: ["pcap", "pcapng", "gzip", "filter"])
  func takesNoMemoryPerPacket(kind: String) throws {
    let folder = try ScratchFolder()
    let bytes = Self.capture(isPcapNG: kind == "pcapng")
    let path = try folder.file("capture", kind == "gzip" ? gzip(bytes) : bytes)
    var reader = try CaptureReader(path: path, filter: kind == "filter" ? "ip" : nil)
    var batch = PacketBatch()
    let decoder = PacketDecoder()
    var count = 0
    var before: UInt64 = 0
    while try reader.advance(limit: 256) {
      batch.removeAll()
      decoder.decode(reader.bytes, reader.records, into: &batch)
      count += batch.packets.count
      if before == 0 && count >= 20_000 { before = allocation_count() }
    }
    let allocations = allocation_count() - before
    #expect(count == Self.packets)
    #expect(allocations == 0, "\(allocations) allocations for \(count - 20_000) packets")
  }
}
