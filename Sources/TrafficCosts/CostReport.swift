import Filtering
import NetworkTypes
import TrafficAudit
import VirtualNetworks

/// What the traffic of an audit costs, by path, and which bytes no price was found for.
public struct CostReport: Sendable {
  /// Bytes of one path with one charge.
  public struct Row: Sendable, Hashable {
    public var path: PathCharge
    /// What people call ``PathCharge/resource``.
    public var resourceName: String?
    /// Whether the resource is an egress-only internet gateway.
    public var isEgressOnly: Bool
    public var packets: Int
    public var bytes: Int
    /// nil where the price file has none.
    public var price: Price?
    /// nil as the price is.
    public var cost: Amount?
  }

  /// Bytes that were not asked a price for.
  public struct LeftOut: Sendable, Hashable {
    public var reason: Reason
    public var packets: Int
    public var bytes: Int

    public enum Reason: String, Sendable, CaseIterable {
      /// What is stopped: what AWS charges for it is not known here.
      case denied
      case unknown
      case unplaced
      case undecoded
      /// Seen in front of a NAT gateway or load balancer, too, where they were counted.
      case seenAgain = "seen_again"
    }
  }

  public var prices: PriceList
  /// Paths with a price, dearest first.
  public var priced: [Row] = []
  /// Paths without a price, most bytes first.
  public var unpriced: [Row] = []
  public var leftOut: [LeftOut] = []
  public var total: Amount

  /// Days to which ``projection(from:to:)`` scales.
  public static let projectedDays = 30

  /// Prices what an auditor counted; cost grows with outcomes, not with packets.
  public init(_ auditor: Auditor, prices: PriceList) {
    self.prices = prices
    total = Amount(unit: prices.unit.bytes)
    let filter = auditor.filter
    let reader = ChargeReader(filter)
    var counted: [(path: ChargedPath, tally: Tally)] = []
    var omitted: [LeftOut.Reason: Tally] = [:]
    for (outcome, tally) in zip(auditor.tracker.outcomes, auditor.tallies.byOutcome) where tally.packets > 0 {
      if let reason = Self.reason(outcome.packetClass) {
        omitted[reason, default: Tally()].take(tally)
      } else {
        counted.append((reader.read(outcome), tally))
      }
    }
    let gateways = counted.reduce(into: Set<ResourceID>()) { $0.formUnion($1.path.gateways) }
    var tallies: [PathCharge: Tally] = [:]
    for (path, tally) in counted {
      if let behind = path.seenBehind, gateways.contains(behind.interface) {
        omitted[.seenAgain, default: Tally()].take(tally)
        continue
      }
      for charge in path.charges + (path.seenBehind.map { [$0.charge] } ?? []) {
        tallies[charge, default: Tally()].take(tally)
      }
    }
    for (path, tally) in tallies { add(path, tally, filter) }
    priced.sort { ($1.cost ?? total, $0.key) < ($0.cost ?? total, $1.key) }
    unpriced.sort { ($1.bytes, $0.key) < ($0.bytes, $1.key) }
    leftOut = LeftOut.Reason.allCases.compactMap { reason in
      omitted[reason].map { LeftOut(reason: reason, packets: $0.packets, bytes: $0.bytes) }
    }
  }

  private mutating func add(_ path: PathCharge, _ tally: Tally, _ filter: PacketFilter) {
    let price = prices.price(of: path.charge, in: path.region, other: path.otherRegion)
    let cost = price.map { Amount($0, bytes: tally.bytes, unit: prices.unit.bytes) }
    let row = Row(
      path: path, resourceName: path.resource.flatMap { filter.name(of: $0) },
      isEgressOnly: filter.network.egressOnlyGateways.contains { $0.id == path.resource },
      packets: tally.packets, bytes: tally.bytes, price: price, cost: cost)
    if let cost {
      total += cost
      priced.append(row)
    } else {
      unpriced.append(row)
    }
  }

  private static func reason(_ packetClass: PacketClass) -> LeftOut.Reason? {
    switch packetClass {
    case .allow, .exempt: nil
    case .deny: .denied
    case .unknown: .unknown
    case .unplaced: .unplaced
    case .undecoded: .undecoded
    }
  }

  /// The total for ``projectedDays`` at the rate of a period; nil if the period is shorter than a second.
  public func projection(from first: CaptureTime, to last: CaptureTime) -> Double? {
    let duration = last.nanoseconds &- first.nanoseconds
    guard duration >= 1_000_000_000 else { return nil }
    return total.scaled(from: duration, to: Int64(Self.projectedDays) * 86_400 * 1_000_000_000)
  }
}

extension CostReport.Row {
  /// What rows of the same cost are ordered by.
  fileprivate var key: String {
    let place = { (place: ResourcePlace?) in
      [place?.region, place?.zone, place?.zoneID, place?.account].map { $0 ?? "" }.joined(separator: " ")
    }
    return [path.charge.rawValue, path.resource?.rawValue ?? "", place(path.from), place(path.to)].joined(
      separator: "\n")
  }
}

extension Tally {
  fileprivate mutating func take(_ other: Tally) {
    packets += other.packets
    bytes += other.bytes
  }
}
