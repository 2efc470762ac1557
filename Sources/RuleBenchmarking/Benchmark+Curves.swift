import Filtering
import VirtualNetworks

extension Benchmark {
  /// What costs as rules, interfaces and flows grow, each size of a kind while the others stay.
  ///
  /// - Parameter progress: Told what is measured next, and how many of all sizes are done.
  public mutating func curves(
    packets: Int, progress: (_ next: String, _ done: Int, _ total: Int) -> Void
  ) throws -> [StageMeasurement] {
    let rules = [10, 30, 60, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000]
    let interfaces = [1, 10, 100, 1_000, 10_000, 100_000]
    let flows = [1_000, 10_000, 100_000, 1_000_000, 10_000_000]
    let total = rules.count + interfaces.count + flows.count
    var result: [StageMeasurement] = []
    var done = 0
    func begin(_ size: Int, _ noun: String) {
      progress("\(size) \(noun)\(size == 1 ? "" : "s")", done, total)
      done += 1
    }
    for size in rules {
      begin(size, "rule")
      result += try matchers(rules: size, packets: min(packets, 65_536))
    }
    for size in interfaces {
      begin(size, "interface")
      let network = SyntheticNetwork(.init(interfaces: size, groups: max(1, size / 10)), seed: seed).network
      let frames = SyntheticTraffic(network, seed: seed).frames(flows: 10_000, packets: packets)
      result += pipeline(network, frames, flows: nil)
    }
    let network = SyntheticNetwork(.init(), seed: seed).network
    let filter = PacketFilter(network)
    for size in flows {
      begin(size, "flow")
      result += tracking(SyntheticTraffic(network, seed: seed), flows: size, filter)
    }
    return result
  }
}
