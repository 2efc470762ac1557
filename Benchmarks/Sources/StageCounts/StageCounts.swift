import Filtering
import Foundation
import NetworkTypes
import PrefixTables
import RuleBenchmarking
import RuleMatching
import TrafficAudit
import VirtualNetworks
import WireFormat

/// Runs one stage a number of times and nothing else, for whoever counts instructions: `Benchmarks/instructions`.
///
///   StageCounts            prints the stages, and how many items a time of each has
///   StageCounts STAGE N    prepares the stage and runs it N times
@main
enum StageCounts {
  private typealias Stage = (items: Int, make: @Sendable () -> () -> Void)

  private static let stages: [(name: String, stage: Stage)] = [
    ("rule-match-60", (2_048, { ruleMatch(60) })),
    ("rule-match-1000", (2_048, { ruleMatch(1_000) })),
    ("rule-compile-60", (1, { ruleCompilation(60) })),
    ("prefix-lookup-1065", (2_048, prefixLookup)),
    ("decode", (25_600, decode)),
    ("tracking-known", (25_600, { tracking(isKnown: true) })),
    ("tracking-first", (25_600, { tracking(isKnown: false) })),
    ("rule-change-10000", (2, ruleChange)),
  ]

  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, let times = Int(arguments[2]),
      let stage = stages.first(where: { $0.name == arguments[1] })?.stage
    else {
      for (name, stage) in stages { print(name, stage.items) }
      return
    }
    let run = stage.make()
    for _ in 0..<times { run() }
  }

  private static func ruleMatch(_ count: Int) -> () -> Void {
    var maker = SyntheticRules(seed: 1)
    let rules = maker.rules(count)
    let keys = maker.keys(4_096, for: rules)
    let compiled = CompiledRules(rules)
    return {
      var sum: Int32 = 0
      for index in 0..<2_048 {
        sum &+= compiled.firstMatch(remote: keys.v4[index], service: keys.v4Services[index])
      }
      keep(Int(sum))
    }
  }

  private static func ruleCompilation(_ count: Int) -> () -> Void {
    var maker = SyntheticRules(seed: 1)
    let rules = maker.rules(count)
    return { keep(CompiledRules(rules).byteCount) }
  }

  private static func prefixLookup() -> () -> Void {
    var random = SplitMix(seed: 3)
    func address() -> IPv4Address { IPv4Address(rawValue: UInt32(truncatingIfNeeded: random.next())) }
    let table = PrefixTable((0..<1_065).map { (Prefix(address(), length: 8 + $0 % 25), $0) })
    let asked = (0..<2_048).map { _ in address() }
    return {
      var sum = 0
      for address in asked { sum &+= table.lookup(address) ?? 0 }
      keep(sum)
    }
  }

  private static func batches() -> (VirtualNetwork, BenchmarkFrames, [[PacketRecord]]) {
    let network = SyntheticNetwork(.init(), seed: 1).network
    let frames = SyntheticTraffic(network, seed: 1).frames(flows: 2_560, packets: 25_600)
    let runs = stride(from: 0, to: 25_600, by: 256).map { Array(frames.records[$0..<$0 + 256]) }
    return (network, frames, runs)
  }

  private static func decode() -> () -> Void {
    let (_, frames, runs) = batches()
    let decoder = PacketDecoder()
    var batch = PacketBatch()
    return {
      for run in runs {
        batch.removeAll()
        decoder.decode(frames.bytes.span, run, into: &batch)
      }
      keep(batch.packets.count)
    }
  }

  private static func tracking(isKnown: Bool) -> () -> Void {
    let (network, frames, runs) = batches()
    let filter = PacketFilter(network)
    let decoded = runs.map { run in
      var batch = PacketBatch()
      PacketDecoder().decode(frames.bytes.span, run, into: &batch)
      return batch
    }
    var tracker = ConnectionTracker()
    var verdicts: [Verdict] = []
    func judge() {
      for batch in decoded { filter.evaluate(batch, tracking: &tracker, into: &verdicts) }
    }
    judge()
    return {
      if !isKnown { tracker = ConnectionTracker() }
      judge()
      keep(verdicts.count)
    }
  }

  private static func ruleChange() -> () -> Void {
    let network = SyntheticNetwork(.init(interfaces: 1_000, groups: 167), seed: 1).network
    var filter = PacketFilter(network)
    let changes = Benchmark.ruleChange(network)
    return {
      for change in changes {
        guard let (next, _) = try? filter.applying(change) else {
          preconditionFailure("a change that cannot be made")
        }
        filter = next
      }
      keep(filter.policyCount)
    }
  }

  nonisolated(unsafe) private static var sink = 0
  @inline(never) private static func keep(_ number: Int) { sink &+= number }
}
