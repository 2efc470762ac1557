import NetworkTypes

/// The rule that came nearest to matching some traffic, and what it missed by.
public struct RuleMiss: Hashable, Sendable {
  /// What a rule looks at.
  public enum Field: Hashable, Sendable {
    case ipProtocol
    case port
    case icmpKind
    case remoteAddress
  }

  /// The rule's index in its list.
  public var rule: Int
  /// The fields in which the traffic is not what the rule asks for, in the order of the rule's text; never empty.
  public var fields: [Field]
  /// The rule's block that lies nearest to the remote address; nil if the rule has none of its family.
  public var nearestPrefix: IPPrefix?
}

extension RuleMiss {
  /// The nearest of `rules` to traffic with `remote` that none of them matches; nil without rules.
  ///
  /// Nearest is the rule with the fewest missed fields, a wrong protocol counting for its ports too unless those would
  /// fit; then the one with the smallest distance in bits, of the ports' difference and of the prefix beyond what it
  /// shares with the address; then the first. Rules that match are passed over. `isCandidate` leaves rules out: an ACL's
  /// denials, say. Costs a look at every prefix; not for the hot path.
  public static func nearest(
    to remote: IPAddress, service: ServiceKey, in rules: [ResolvedRule],
    where isCandidate: (Int) -> Bool = { _ in true }
  ) -> RuleMiss? {
    var best: (rule: Int, field: Field?, prefix: IPPrefix?, bits: Int)?
    var least = (weight: Int.max, distance: Int.max)
    for (index, rule) in rules.enumerated() where isCandidate(index) {
      let (field, weight, distance) = serviceMiss(rule.traffic, service)
      let (prefix, bits) = nearestPrefix(to: remote, in: rule.prefixes)
      let total = (weight: weight + (bits > 0 ? 1 : 0), distance: distance + bits)
      if field == nil && bits == 0 || least <= total { continue }
      best = (index, field, prefix, bits)
      least = total
    }
    return best.map { best in
      RuleMiss(
        rule: best.rule, fields: [best.field, best.bits > 0 ? .remoteAddress : nil].compactMap { $0 },
        nearestPrefix: best.prefix)
    }
  }

  private static func serviceMiss(
    _ traffic: TrafficMatch, _ service: ServiceKey
  ) -> (field: Field?, weight: Int, distance: Int) {
    if traffic.matches(service) { return (nil, 0, 0) }
    guard traffic.ipProtocol == service.ipProtocol else {
      let portsFit =
        switch traffic {
        case .tcp(let ports), .udp(let ports): service.ipProtocol.hasPorts && ports.contains(service.port)
        default: false
        }
      return (.ipProtocol, portsFit ? 1 : 2, 0)
    }
    let range = traffic.services
    let gap =
      service < range.lowerBound
      ? range.lowerBound.rawValue - service.rawValue : service.rawValue - range.upperBound.rawValue
    let bits = UInt32.bitWidth - gap.leadingZeroBitCount
    return (service.ipProtocol.hasPorts ? .port : .icmpKind, 1, bits)
  }

  /// The block that shares the most bits with `remote`, and how many of the block's bits it does not share, on the
  /// scale of an IPv4 address; more than any such distance if the rule has no block of the family.
  private static func nearestPrefix(to remote: IPAddress, in prefixes: [IPPrefix]) -> (IPPrefix?, bits: Int) {
    var best: (prefix: IPPrefix?, bits: Int) = (nil, IPv4Address.bitWidth + 1)
    for prefix in prefixes {
      let bits: Int
      switch (prefix, remote) {
      case (.v4(let prefix), .v4(let address)):
        let shared = (prefix.address.rawValue ^ address.rawValue).leadingZeroBitCount
        bits = max(prefix.length - shared, 0)
      case (.v6(let prefix), .v6(let address)):
        let (high, low) = (prefix.address.high ^ address.high, prefix.address.low ^ address.low)
        let shared = high == 0 ? 64 + low.leadingZeroBitCount : high.leadingZeroBitCount
        bits = (max(prefix.length - shared, 0) + 3) / 4
      default: continue
      }
      if bits < best.bits { best = (prefix, bits) }
    }
    return best
  }
}
