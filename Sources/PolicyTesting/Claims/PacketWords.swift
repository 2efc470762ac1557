import Filtering
import NetworkTypes
import PolicyAnalysis
import RuleMatching

/// Packets as people write them.
enum PacketWords {
  /// `tcp 10.0.1.10:49152 -> 10.0.2.10:5432`
  static func packet(_ question: TraceQuestion) -> String {
    guard case .address(let source) = question.from, case .address(let destination) = question.to else {
      return traffic(question.service)
    }
    let service = question.service
    guard service.ipProtocol.hasPorts else {
      let kind = service.ipProtocol.hasICMPKind ? traffic(service) : name(of: service.ipProtocol)
      return "\(kind) \(source) -> \(destination)"
    }
    return "\(service.ipProtocol) \(end(source, question.sourcePort)) -> \(end(destination, service.port))"
  }

  /// `tcp`, `protocol 47`
  static func name(of ipProtocol: IPProtocol) -> String {
    ipProtocol.hasPorts || ipProtocol.hasICMPKind ? "\(ipProtocol)" : "protocol \(ipProtocol)"
  }

  static func end(_ address: IPAddress, _ port: UInt16) -> String {
    address.family == .v6 ? "[\(address)]:\(port)" : "\(address):\(port)"
  }

  /// `tcp/443`, `icmp/8/0`, `47`: what `trace` reads.
  static func traffic(_ service: ServiceKey) -> String {
    let ipProtocol = service.ipProtocol
    if ipProtocol.hasPorts { return "\(ipProtocol)/\(service.port)" }
    if ipProtocol.hasICMPKind { return "\(ipProtocol)/\(service.port >> 8)/\(service.port & 255)" }
    return "\(ipProtocol.rawValue)"
  }

  /// `tcp/22, 80-65535`; of several protocols how many there are.
  static func services(_ set: IntervalSet) -> (text: String, hasPorts: Bool) {
    guard let first = set.runs.first else { return ("nothing", false) }
    let ipProtocol = ServiceKey(rawValue: UInt32(first.lowerBound)).ipProtocol
    let last = ServiceKey(rawValue: UInt32(set.runs[set.runs.count - 1].upperBound)).ipProtocol
    guard ipProtocol == last else { return ("\(set.runs.count) protocols", false) }
    guard ipProtocol.hasPorts else {
      return (
        set.approximateCount == 1 ? traffic(ServiceKey(rawValue: UInt32(first.lowerBound))) : "\(ipProtocol)",
        false
      )
    }
    let base = IntervalSet.Key(ServiceKey(ipProtocol, port: 0).rawValue)
    let ports = IntervalSet(set.runs.map { $0.lowerBound - base...$0.upperBound - base })
    return ("\(ipProtocol)/\(self.ports(ports))", true)
  }

  static func ports(_ set: IntervalSet) -> String {
    if set == .everyPort { return "any" }
    let shown = set.runs.prefix(4).map {
      $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
    }
    return shown.joined(separator: ",") + (set.runs.count > 4 ? ",..." : "")
  }

  /// A number as exact as it is known.
  static func quantity(_ value: Double) -> String {
    if value < 1e6 { return "\(Int(value))" }
    if value < 1e9 { return "\(Int(value / 1e6)) million" }
    return value < 1e12 ? "\(Int(value / 1e9)) billion" : "countless"
  }
}
