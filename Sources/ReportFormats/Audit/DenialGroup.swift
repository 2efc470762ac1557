import Filtering
import NetworkTypes
import TrafficAudit
import VirtualNetworks

/// Denials that text shows as one: alike in everything but the port, or the type and code.
struct DenialGroup {
  /// The denial that came first; its sentence speaks for all.
  private(set) var first: AuditReport.Denial
  private(set) var packets: Int
  private(set) var flows: Int
  private var ports: Set<UInt16> = []
  private var kinds: Set<UInt16> = []

  private init(_ denial: AuditReport.Denial) {
    first = denial
    packets = 0
    flows = 0
  }

  /// The groups, most packets first, then by first frame.
  static func groups(of denials: [AuditReport.Denial]) -> [DenialGroup] {
    var groups: [Key: DenialGroup] = [:]
    for denial in denials { groups[Key(denial), default: DenialGroup(denial)].add(denial) }
    return groups.values.sorted { ($1.packets, $0.first.firstFrame) < ($0.packets, $1.first.firstFrame) }
  }

  private mutating func add(_ denial: AuditReport.Denial) {
    packets += denial.tally.packets
    flows += denial.tally.flows
    if denial.firstFrame < first.firstFrame { first = denial }
    if let port = denial.port { ports.insert(port) }
    if let kind = denial.icmp { kinds.insert(UInt16(kind.type) << 8 | UInt16(kind.code)) }
  }

  /// `tcp 1-150 (149 ports)`, `icmp 8/0`, `protocol 47`.
  var traffic: String {
    let ipProtocol = first.ipProtocol
    if !ports.isEmpty { return "\(ipProtocol) \(Self.text(of: ports))" }
    if !kinds.isEmpty {
      let texts = kinds.sorted().map { "\($0 >> 8)/\($0 & 255)" }
      return "\(ipProtocol) " + (texts.count > 4 ? "(\(texts.count) types)" : texts.joined(separator: ", "))
    }
    return ipProtocol.hasPorts || ipProtocol.hasICMPKind ? "\(ipProtocol)" : "protocol \(ipProtocol)"
  }

  /// `22, 80, 8000-8010`; with more than four ranges the ends and how many.
  private static func text(of ports: Set<UInt16>) -> String {
    let sorted = ports.sorted()
    var ranges: [PortRange] = []
    for port in sorted {
      if let last = ranges.last, last.last < port, last.last &+ 1 == port {
        ranges[ranges.count - 1].last = port
      } else {
        ranges.append(PortRange(port))
      }
    }
    if ranges.count <= 4 { return ranges.map(\.description).joined(separator: ", ") }
    return "\(sorted[0])-\(sorted[sorted.count - 1]) (\(Quantities.count(sorted.count, "port")))"
  }

  private struct Key: Hashable {
    var code: ReachabilityCode
    var stage: EvaluationStage
    var interface: ResourceID?
    var direction: Direction
    var remote: IPPrefix
    var ipProtocol: IPProtocol
    var hasPort: Bool
    var decider: String?

    init(_ denial: AuditReport.Denial) {
      code = denial.code
      stage = denial.stage
      interface = denial.interface
      direction = denial.direction
      remote = denial.remote
      ipProtocol = denial.ipProtocol
      hasPort = denial.port != nil
      decider = denial.decider
    }
  }
}
