import Filtering
import NetworkTypes
import RuleBenchmarking
import RuleMatching
import Testing
import VirtualNetworks

@Suite("The benchmark measures what it says it measures")
struct BenchmarkTests {
  @Test("a synthetic network has the parts asked for, fits together and lets most packets pass")
  func network() {
    let network = SyntheticNetwork(.init(interfaces: 200, groups: 20, rulesPerGroup: 60), seed: 7).network
    #expect(network.networkInterfaces.count == 200)
    #expect(network.securityGroups.count == 20)
    #expect(network.securityGroups.allSatisfy { $0.inbound.count == 60 })
    #expect(network.inconsistencies().filter { $0.severity == .error } == [])
    #expect(Set(network.networkInterfaces.flatMap { $0.ipv4Addresses.map(\.address) }).count == 200)
    let filter = PacketFilter(network)
    #expect(filter.policyCount == 40)
    #expect(filter.largestPolicy.count == 60)
    let traffic = SyntheticTraffic(network, seed: 7)
    let frames = traffic.frames(flows: 100, packets: 1_000)
    #expect(frames.records.count == 1_000)
    #expect(frames.records.allSatisfy { $0.capturedLength == 60 })
  }

  @Test("the same seed gives the same workload, another seed another one")
  func seeds() {
    var (one, same, other) = (SyntheticRules(seed: 3), SyntheticRules(seed: 3), SyntheticRules(seed: 4))
    let rules = one.rules(50)
    #expect(rules == same.rules(50))
    #expect(rules != other.rules(50))
    #expect(one.keys(100, for: rules).v4 == same.keys(100, for: rules).v4)
  }

  @Test("every matcher and every stage is measured, each packet by all")
  func stages() throws {
    var benchmark = Benchmark(rounds: 2, seed: 1)
    let matchers = try benchmark.matchers(rules: 60, packets: 1_000)
    #expect(matchers.map(\.matcher) == ["linear", "compiled", "compiled, IPv6", "compiled, batches"])
    #expect(matchers.allSatisfy { $0.rules == 60 && $0.nanosecondsPerPacket > 0 })
    let network = SyntheticNetwork(.init(interfaces: 20, groups: 4, rulesPerGroup: 10), seed: 1).network
    let traffic = SyntheticTraffic(network, seed: 1)
    let stages = benchmark.pipeline(network, traffic.frames(flows: 50, packets: 600), flows: 50)
    #expect(
      stages.map(\.stage) == [
        .decode, .addressLookup, .ruleMatch, .ruleMatch, .firstPackets, .tracking, .audit,
      ])
    for stage in stages where stage.matcher != "the same, packed" {
      // Two rounds in runs of 256 packets: three samples each.
      #expect(stage.samples.count == 6)
      #expect(stage.samples.reduce(0) { $0 + $1.packets } == 2 * stage.packets)
      #expect(stage.nanosecondsPerPacket > 0)
    }
  }
}
