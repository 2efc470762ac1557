import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Finds what is wrong or wasteful in a network and its rules.
///
/// Rules are compared by the partition (``RulePartition``), so what is called redundant is redundant for every packet;
/// what is called reachable is reachable on the way that packets really go (``ReachAnalyzer``), there and back.
///
/// ```swift
/// for finding in NetworkLinter(network).findings() { print(finding.message) }
/// ```
public struct NetworkLinter: Sendable {
  let network: VirtualNetwork
  let filter: PacketFilter
  let analyzer: ReachAnalyzer
  /// Interfaces that carry a group.
  let members: [ResourceID: [NetworkInterface]]
  let groups: [ResourceID: SecurityGroup]
  let lists: [ResourceID: PrefixList]

  public init(_ network: VirtualNetwork) {
    self.network = network
    filter = PacketFilter(network)
    analyzer = ReachAnalyzer(filter)
    var members: [ResourceID: [NetworkInterface]] = [:]
    for interface in network.networkInterfaces where !interface.isDeleted {
      for group in interface.groups { members[group, default: []].append(interface) }
    }
    self.members = members
    groups = Dictionary(network.securityGroups.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    lists = Dictionary(network.prefixLists.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Every finding, the gravest first, then by code, resource and rule.
  ///
  /// Takes time quadratic in the rules of one list where they overlap, and a reach question for each interface that
  /// the internet may address.
  public func findings() -> [LintFinding] {
    var findings: [LintFinding] = []
    for group in network.securityGroups { findings += self.findings(of: group) }
    for acl in network.networkACLs { findings += self.findings(of: acl) }
    // A reference that leads nowhere is told once.
    let stale = Set(findings.filter { $0.code == LintCode.staleGroupReference.rawValue }.map(\.location))
    findings += inputFindings().filter { $0.code != "unknown_peer_group" || !stale.contains($0.location) }
    findings +=
      refused() + unattached() + quotas() + routes() + overlappingBlocks() + exposure() + blockedReplies()
    let order = { (finding: LintFinding) in
      (finding.code, finding.resource?.rawValue ?? "", finding.rule ?? "", finding.message)
    }
    var seen: Set<LintFinding> = []
    return findings.filter { seen.insert($0).inserted }.sorted { left, right in
      left.severity == right.severity ? order(left) < order(right) : left.severity < right.severity
    }
  }

  /// A resource as sentences name it: `sg-0123 (web)`.
  func title(_ id: ResourceID) -> String { filter.title(of: id) }

  // MARK: Input

  /// What is wrong with the network's description itself.
  private func inputFindings() -> [LintFinding] {
    network.problems.map { problem in
      let severity: LintFinding.Severity =
        switch problem.severity {
        case .error: .error
        case .warning: .warning
        case .note: .info
        }
      return LintFinding(
        severity: severity, code: problem.code, resource: problem.resource, rule: nil,
        message: problem.message, fix: Self.fix(for: problem), location: problem.location)
    }
  }

  private static func fix(for problem: ModelProblem) -> String {
    switch problem.code {
    case "incomplete_network", "transit_routes_unknown", "incomplete_answer":
      "save the missing answers of AWS beside the others"
    case "unknown_prefix_list": "save the list's entries, or name a list that exists"
    case "unknown_reference", "unknown_target", "unknown_peer_group":
      "add what is referred to, or correct the reference"
    case "overlapping_subnets", "subnet_outside_vpc", "address_outside_subnet", "duplicate_address":
      "correct the addresses"
    case "not_modelled": "expect the verdict unknown where packets take it"
    default: "correct the input"
    }
  }
}
