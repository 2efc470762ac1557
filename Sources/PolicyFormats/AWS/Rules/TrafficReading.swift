import NetworkTypes
import RuleMatching
import VirtualNetworks

extension AWSRecord {
  /// The protocol of a rule, whichever way AWS or a person spells it; nil for every protocol (semantics SG-10, SG-17).
  /// An unknown spelling is a problem and returns nil twice over.
  func ipProtocol(_ name: String, of resource: ResourceID?) -> IPProtocol?? {
    guard let text = text(name) else {
      log.add(
        .error, "missing_member", resource, at: location,
        "the rule has no \(name); it is left out")
      return nil
    }
    switch text.lowercased() {
    case "-1", "all": return .some(nil)
    case "icmp6", "ipv6-icmp": return .icmpv6
    case "esp": return IPProtocol(rawValue: 50)
    case "ah": return IPProtocol(rawValue: 51)
    case "gre": return IPProtocol(rawValue: 47)
    default:
      if let known = IPProtocol(text) { return known }
      log.add(
        .error, "invalid_protocol", resource, at: location.appending("." + name),
        "\(name) is \"\(text)\"; expected tcp, udp, icmp, icmpv6, a number 0 to 255, or -1; the rule is left out"
      )
      return nil
    }
  }

  /// What a protocol's rule narrows; `first` and `last` are ports, or ICMP type and code (semantics SG-11 to SG-14).
  /// Anything that AWS would refuse is a problem and nil.
  func traffic(
    _ ipProtocol: IPProtocol?, first: Int?, last: Int?, of resource: ResourceID?
  ) -> TrafficMatch? {
    guard let ipProtocol else { return .all }
    if ipProtocol.hasPorts {
      guard let ports = ports(ipProtocol, first: first, last: last, of: resource) else { return nil }
      return ipProtocol == .tcp ? .tcp(ports) : .udp(ports)
    }
    if ipProtocol.hasICMPKind {
      guard let kind = icmpKind(ipProtocol, type: first, code: last, of: resource) else { return nil }
      return ipProtocol == .icmp ? .icmp(kind) : .icmpv6(kind)
    }
    return .other(ipProtocol)
  }

  private func ports(
    _ ipProtocol: IPProtocol, first: Int?, last: Int?, of resource: ResourceID?
  ) -> PortRange? {
    let found = "ports \(first.map(String.init) ?? "absent") to \(last.map(String.init) ?? "absent")"
    // The API insists on a range; other clients leave it out or write -1, and mean every port.
    if (first ?? -1) == -1 && (last ?? -1) == -1 {
      log.add(
        .note, "ports_not_given", resource, at: location, "\(ipProtocol) with \(found) is read as every port")
      return .all
    }
    guard let first = first.flatMap(UInt16.init(exactly:)), let last = last.flatMap(UInt16.init(exactly:))
    else {
      log.add(
        .error, "invalid_ports", resource, at: location,
        "\(ipProtocol) with \(found); expected 0 to 65535 for both; the rule is left out")
      return nil
    }
    guard let range = PortRange(first, last) else {
      log.add(
        .error, "reversed_ports", resource, at: location,
        "\(ipProtocol) with \(found), the wrong way round; expected the lower port first; the rule is left out"
      )
      return nil
    }
    return range
  }

  private func icmpKind(
    _ ipProtocol: IPProtocol, type: Int?, code: Int?, of resource: ResourceID?
  ) -> ICMPMatch? {
    let (type, code) = (type ?? -1, code ?? -1)
    let problem: String
    if type == -1 {
      if code == -1 { return .any }
      problem = "every type (-1) with code \(code); expected code -1"
    } else if let exact = UInt8(exactly: type) {
      if code == -1 { return .type(exact) }
      if let code = UInt8(exactly: code) { return .type(exact, code: code) }
      problem = "type \(type) with code \(code); expected a code of -1 to 255"
    } else {
      problem = "type \(type); expected -1 to 255"
    }
    log.add(
      .error, "invalid_icmp", resource, at: location, "\(ipProtocol) with \(problem); the rule is left out")
    return nil
  }
}
