import CaptureFiles
import Filtering
import Foundation
import NetworkTypes
import PolicyFormats
import TestSupport
import Testing
import TrafficAudit
import VirtualNetworks
import WireFormat

/// The fixture captures cut and changed: whatever comes of it is read to where it makes sense, judged, and counted once.
@Suite struct MutatedCaptureTests {
  private static let captures = ["three-tier.pcap", "web-1.pcap", "db-1.pcapng"]
  private let filter: PacketFilter
  private let folder: TemporaryFolder

  init() throws {
    filter = PacketFilter(try VirtualNetwork(contentsOf: Environment.fixture("networks/three-tier")))
    folder = try TemporaryFolder()
  }

  private func fixture(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: Environment.fixture("captures/\(name)"))))
  }

  /// Reads, decodes and judges; how many packets came, and how the capture ended.
  private func audit(_ bytes: [UInt8]) throws -> (packets: Int, error: CaptureError?) {
    let path = try folder.write(Data(bytes), "mutated")
    var auditor = Auditor(filter)
    var packets = 0
    var failure: CaptureError?
    do throws(CaptureError) {
      var reader = try CaptureReader(path: path)
      var batch = PacketBatch()
      while try reader.advance() {
        batch.removeAll()
        PacketDecoder().decode(reader.bytes, reader.records, into: &batch)
        auditor.audit(batch)
        packets += reader.records.count
      }
    } catch {
      failure = error
    }
    let report = AuditReport(auditor)
    #expect(report.packets.total == packets)
    #expect(report.undecoded.reduce(0) { $0 + $1.packets } == report.packets[.undecoded])
    #expect(report.denials.reduce(0) { $0 + $1.tally.packets } == report.packets[.deny])
    // A record takes at least its header: nothing can come out that was not put in.
    #expect(packets <= bytes.count / 16)
    return (packets, failure)
  }

  /// Packets that are whole in the first `length` bytes, without judging them.
  private func count(_ path: String) -> (packets: Int, error: CaptureError?) {
    var packets = 0
    do throws(CaptureError) {
      var reader = try CaptureReader(path: path)
      while try reader.advance(limit: 4096) { packets += reader.records.count }
    } catch {
      return (packets, error)
    }
    return (packets, nil)
  }

  /// Where the packets of a capture end.
  private func ends(_ name: String) throws -> [Int] {
    var ends: [Int] = []
    var reader = try CaptureReader(path: Environment.fixture("captures/\(name)"))
    while try reader.advance() { ends += reader.records.map { $0.offset + Int($0.capturedLength) } }
    return ends
  }

  @Test(arguments: captures) func cutAtEveryByte(name: String) throws {
    let whole = try fixture(name)
    let ends = try ends(name)
    // The last bytes first: the file is made once and then only cut. All cuts of the larger ones would take minutes;
    // every one is made at both ends, and elsewhere every nineteenth, which meets each place of a record.
    let path = try folder.write(Data(whole), "cut")
    var expected = ends.count
    for length in stride(from: whole.count - 1, through: 0, by: -1) {
      let isNear = length < 2000 || whole.count - length < 2000
      guard whole.count < 20_000 || isNear || length % 19 == 0 else { continue }
      #expect(truncate(path, off_t(length)) == 0)
      while expected > 0, ends[expected - 1] > length { expected -= 1 }
      let cut = count(path)
      // pcapng pads its blocks: a packet may be whole and its block not.
      #expect(
        cut.packets == expected || name.hasSuffix("ng") && cut.packets == expected - 1,
        "\(name) cut at \(length)")
      if let error = cut.error { #expect(error.isCut || length < 24, "\(name) cut at \(length): \(error)") }
    }
  }

  @Test(arguments: captures) func cutAnywhereIsJudgedUpToTheCut(name: String) throws {
    var random = SeededRandom.fresh("cut \(name)")
    let whole = try fixture(name)
    let ends = try ends(name)
    for _ in 0..<12 {
      let length = Int.random(in: 0..<whole.count, using: &random)
      let (packets, _) = try audit(Array(whole.prefix(length)))
      let expected = ends.count { $0 <= length }
      #expect(
        packets == expected || name.hasSuffix("ng") && packets == expected - 1, "\(name) cut at \(length)")
    }
  }

  @Test(arguments: captures) func changedBytes(name: String) throws {
    var random = SeededRandom.fresh("changed \(name)")
    let whole = try fixture(name)
    for _ in 0..<30 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...200, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      _ = try audit(bytes)
    }
  }
}
