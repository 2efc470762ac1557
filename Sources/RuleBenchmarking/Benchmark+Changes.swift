import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

extension Benchmark {
  /// A rule added to the group with most inbound rules, and the same rule taken away again; none without groups.
  public static func ruleChange(_ network: VirtualNetwork) -> [NetworkChange] {
    guard let group = network.securityGroups.max(by: { $0.inbound.count < $1.inbound.count }) else {
      return []
    }
    let match = Match(
      .tcp(PortRange(65_535)), peer: .prefix(.v4(Prefix(IPv4Address(203, 0, 113, 7), length: 32))))
    let rule = SecurityGroupRule(id: "sgr-benchmark", match: match)
    return [
      .addRule(group: group.id, .ingress, rule), .removeRule(group: group.id, .ingress, .id("sgr-benchmark")),
    ]
  }

  /// What one change of a rule costs: checked, its policies compiled again, the filter ready to judge.
  public mutating func ruleChange(_ network: VirtualNetwork) throws -> [StageMeasurement] {
    let changes = Self.ruleChange(network)
    guard !changes.isEmpty else { return [] }
    let rules = network.securityGroups.reduce(0) { $0 + $1.inbound.count + $1.outbound.count }
    var filter = PacketFilter(network)
    var measurement = StageMeasurement(
      .ruleChange, matcher: "a group's rule", rules: rules, interfaces: network.networkInterfaces.count,
      packets: 32)
    var failure: NetworkChangeError?
    timer.measure(&measurement, rounds: rounds) { run in
      for index in run {
        do throws(NetworkChangeError) {
          filter = try filter.applying(changes[index % 2]).0
        } catch {
          failure = error
        }
      }
    }
    if let failure { throw failure }
    return [measurement]
  }
}
