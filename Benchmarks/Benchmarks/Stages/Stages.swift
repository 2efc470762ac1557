import Benchmark
import Filtering
import NetworkTypes
import PrefixTables
import RuleBenchmarking
import RuleMatching
import TrafficAudit
import VirtualNetworks
import WireFormat

// The framework has a `Benchmark` too.
private typealias Benchmarking = RuleBenchmarking.Benchmark

/// Each stage of an audit on synthetic workloads, a fixed seed each.
let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.instructions, .cpuTotal, .wallClock], scalingFactor: .kilo, maxDuration: .seconds(3))

  for count in [60, 1_000] {
    var maker = SyntheticRules(seed: 1)
    let rules = maker.rules(count)
    let keys = maker.keys(4_096, for: rules)
    let compiled = CompiledRules(rules)
    let linear = LinearRules(rules)
    Benchmark("rule match, compiled, \(count) rules") { benchmark in
      for index in benchmark.scaledIterations {
        let key = index & 2_047
        blackHole(compiled.firstMatch(remote: keys.v4[key], service: keys.v4Services[key]))
      }
    }
    Benchmark("rule match, linear, \(count) rules") { benchmark in
      for index in benchmark.scaledIterations {
        let key = index & 2_047
        blackHole(linear.firstMatch(remote: .v4(keys.v4[key]), service: keys.v4Services[key]))
      }
    }
    Benchmark("rules compiled, \(count)", configuration: .init(scalingFactor: .one)) { benchmark in
      for _ in benchmark.scaledIterations { blackHole(CompiledRules(rules)) }
    }
  }

  let network = SyntheticNetwork(.init(), seed: 1).network
  let traffic = SyntheticTraffic(network, seed: 1)
  let frames = traffic.frames(flows: 10_000, packets: 100_000)
  let runs = stride(from: 0, to: frames.records.count - 255, by: 256).map {
    Array(frames.records[$0..<$0 + 256])
  }
  let decoder = PacketDecoder()

  let routes = network.routeTables.flatMap(\.routes).compactMap { route -> (Prefix<IPv4Address>, Int)? in
    if case .prefix(.v4(let prefix)) = route.destination { (prefix, 1) } else { nil }
  }
  let table = PrefixTable(routes)
  Benchmark("prefix lookup, \(routes.count) routes") { benchmark in
    var generator = SplitMix(seed: 2)
    for _ in benchmark.scaledIterations {
      blackHole(table.lookup(IPv4Address(rawValue: UInt32(truncatingIfNeeded: generator.next()))))
    }
  }

  Benchmark("decode, 256 frames", configuration: .init(scalingFactor: .one)) { benchmark in
    var batch = PacketBatch()
    for index in benchmark.scaledIterations {
      batch.removeAll()
      decoder.decode(frames.bytes.span, runs[index % runs.count], into: &batch)
      blackHole(batch.packets.count)
    }
  }

  let filter = PacketFilter(network)
  Benchmark("tracking, 100,000 packets of known flows", configuration: .init(scalingFactor: .one)) {
    benchmark in
    var tracker = ConnectionTracker()
    var verdicts: [Verdict] = []
    let batches = runs.map { run in
      var batch = PacketBatch()
      decoder.decode(frames.bytes.span, run, into: &batch)
      return batch
    }
    for batch in batches { filter.evaluate(batch, tracking: &tracker, into: &verdicts) }
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations {
      for batch in batches { filter.evaluate(batch, tracking: &tracker, into: &verdicts) }
    }
    benchmark.stopMeasurement()
    blackHole(verdicts.count)
  }

  Benchmark("whole audit, 100,000 packets of 10,000 flows", configuration: .init(scalingFactor: .one)) {
    benchmark in
    for _ in benchmark.scaledIterations {
      var auditor = Auditor(filter)
      var batch = PacketBatch()
      for run in runs {
        batch.removeAll()
        decoder.decode(frames.bytes.span, run, into: &batch)
        auditor.audit(batch)
      }
      blackHole(auditor.verdicts.count)
    }
  }

  let large = SyntheticNetwork(.init(interfaces: 1_000, groups: 167), seed: 1).network
  let changes = Benchmarking.ruleChange(large)
  Benchmark("one rule changed among 10,000", configuration: .init(scalingFactor: .one)) { benchmark in
    var changing = PacketFilter(large)
    benchmark.startMeasurement()
    for index in benchmark.scaledIterations { (changing, _) = try changing.applying(changes[index % 2]) }
    benchmark.stopMeasurement()
    blackHole(changing.policyCount)
  }
}
