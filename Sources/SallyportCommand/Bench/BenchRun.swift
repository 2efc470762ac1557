import CaptureFiles
import Filtering
import Foundation
import Histogram
import NetworkTypes
import ReportFormats
import RuleBenchmarking
import RuleMatching
import VirtualNetworks
import WireFormat

/// One run of the benchmark: what is measured on what, and the figures as a report's rows.
struct BenchRun {
  let rounds: Int
  let seed: UInt64
  let packets: Int
  var network: VirtualNetwork?
  var frames: BenchmarkFrames?

  /// What is measured next, how many parts are done, and how many there are.
  typealias Progress = (_ next: String, _ done: Int, _ total: Int) -> Void

  /// The most packets of a capture that are kept in memory.
  private static let captureLimit = 1_000_000

  init(rounds: Int, seed: UInt64, packets: Int) {
    self.rounds = rounds
    self.seed = seed
    self.packets = packets
  }

  /// The first packets of a capture, copied.
  static func frames(of path: String) throws(CaptureError) -> BenchmarkFrames {
    var reader = try CaptureReader(path: path)
    var frames = BenchmarkFrames()
    while frames.records.count < captureLimit, try reader.advance() {
      copy(from: reader, into: &frames)
    }
    return frames
  }

  private static func copy(from reader: borrowing CaptureReader, into frames: inout BenchmarkFrames) {
    let bytes = reader.bytes
    for record in reader.records.prefix(captureLimit - frames.records.count) {
      let range = record.offset..<record.offset + Int(record.capturedLength)
      frames.append(
        bytes.extracting(range), wireLength: record.wireLength, time: record.time,
        linkType: record.linkType)
    }
  }

  /// Measures the curves and nothing else; throws a `MatcherDisagreement`.
  func curves(_ progress: Progress) throws -> BenchmarkReport {
    var benchmark = Benchmark(rounds: rounds, seed: seed)
    return report(try benchmark.curves(packets: packets, progress: progress))
  }

  private func report(_ measurements: [StageMeasurement]) -> BenchmarkReport {
    BenchmarkReport(rows: measurements.map(Self.row), workload: workload, peakMemory: Self.peakMemory())
  }

  /// Measures every stage; throws a `MatcherDisagreement`.
  func report(rules sizes: [Int], _ progress: Progress) throws -> BenchmarkReport {
    var benchmark = Benchmark(rounds: rounds, seed: seed)
    var measurements: [StageMeasurement] = []
    let parts = sizes.map { "\($0) rules" } + ["the whole audit", "a change of a rule"]
    for (index, size) in sizes.enumerated() {
      progress(parts[index], index, parts.count)
      measurements += try benchmark.matchers(rules: size, packets: packets)
    }
    progress(parts[sizes.count], sizes.count, parts.count)

    let audited = network ?? SyntheticNetwork(.init(), seed: seed).network
    let traffic = SyntheticTraffic(audited, seed: seed)
    // Twenty packets a flow: nine of ten are those of known flows.
    let flows = frames == nil ? min(100_000, max(1, packets / 20)) : nil
    let frames = frames ?? traffic.frames(flows: flows ?? 1, packets: packets)
    if network != nil {
      let keys = Self.keys(frames)
      if keys.v4.count > 0 {
        measurements += try benchmark.matchers(PacketFilter(audited).largestPolicy, keys)
      }
    }
    measurements += benchmark.pipeline(audited, frames, flows: flows)
    progress(parts[sizes.count + 1], sizes.count + 1, parts.count)
    let changed = network ?? SyntheticNetwork(.init(interfaces: 1_000, groups: 167), seed: seed).network
    measurements += try benchmark.ruleChange(changed)
    return report(measurements)
  }

  private var workload: String {
    let net =
      network.map { "the network given, \($0.networkInterfaces.count) interfaces" } ?? "a synthetic network"
    let traffic = frames.map { "\($0.records.count) packets of a capture" } ?? "\(packets) synthetic packets"
    return "\(net); \(traffic); \(rounds) rounds, seed \(seed)"
  }

  /// The packets as questions to one list of rules.
  private static func keys(_ frames: BenchmarkFrames) -> RuleKeys {
    var batch = PacketBatch()
    PacketDecoder().decode(frames.bytes.span, frames.records, into: &batch)
    var keys = RuleKeys()
    for packet in batch.packets where packet.hasTransport {
      keys.append(packet.addresses.source, ServiceKey(packet.ipProtocol, port: packet.destinationPort))
    }
    return keys
  }

  /// Percentiles by a histogram of picoseconds a packet, exact to three digits.
  private static func row(_ measurement: StageMeasurement) -> BenchmarkReport.Row {
    var histogram = Histogram<UInt64>(
      highestTrackableValue: 1_000_000_000_000, numberOfSignificantValueDigits: .three)
    for sample in measurement.samples {
      histogram.record(UInt64(sample.nanoseconds) * 1_000 / UInt64(max(1, sample.packets)))
    }
    let percentiles = [50.0, 90, 99, 100].map { percent in
      (percent, Double(histogram.valueAtPercentile(percent)) / 1_000)
    }
    return BenchmarkReport.Row(
      stage: measurement.stage.rawValue, matcher: measurement.matcher, rules: measurement.rules,
      interfaces: measurement.interfaces, flows: measurement.flows, packets: measurement.packets,
      nanoseconds: measurement.nanosecondsPerPacket, percentiles: percentiles,
      buildNanoseconds: measurement.buildTime, bytes: measurement.bytes)
  }

  /// What Linux says of the process; nil elsewhere.
  private static func peakMemory() -> Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }.map { $0 * 1_024 }
  }
}
