import NetworkTypes
import VirtualNetworks

extension FlowQuestion {
  /// Why words are no question: which one, and what is wrong with it.
  public struct ArgumentError: Error, Sendable, CustomStringConvertible {
    public var field: String?
    public var problem: String
    public var description: String { (field.map { $0 + ": " } ?? "") + problem }
  }

  /// Makes a question of the words of a command line.
  ///
  /// - Parameter traffic: `tcp/443`, `udp/53`, `icmp` (an echo), `icmp/3/4`, or a protocol's number.
  public init(
    from: String, to: String, traffic: String, entersAt: String? = nil, sourcePort: UInt16? = nil,
    isRoundTrip: Bool? = nil
  ) throws(ArgumentError) {
    var raw = [Self.text("from", from), Self.text("to", to)]
    if let entersAt { raw.append(Self.text("enters_at", entersAt)) }
    raw += try Self.fields(ofTraffic: traffic)
    if let sourcePort { raw.append(Self.number("from_port", Int(sourcePort))) }
    if let isRoundTrip {
      raw.append(RawField(name: "round_trip", value: .bool(isRoundTrip), given: .json("\(isRoundTrip)")))
    }
    do {
      try self.init(raw, line: 1)
    } catch {
      throw ArgumentError(field: error.field, problem: error.problem)
    }
  }

  private static func fields(ofTraffic text: String) throws(ArgumentError) -> [RawField] {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let expected = "tcp/PORT, udp/PORT, icmp, icmp/TYPE/CODE, icmpv6, or a protocol's number"
    guard let ipProtocol = IPProtocol(parts[0]) else {
      throw ArgumentError(field: "protocol", problem: "found \"\(text)\", expected \(expected)")
    }
    let limit = ipProtocol.hasPorts ? 65535 : 255
    if ipProtocol.hasPorts, parts.count == 2, let port = Int(parts[1]), !(0...limit).contains(port) {
      throw ArgumentError(field: "protocol", problem: "found \"\(text)\", expected a port from 0 to 65535")
    }
    if ipProtocol.hasPorts, parts.count == 1 {
      throw ArgumentError(
        field: "protocol", problem: "found \"\(text)\", which needs a port: \(ipProtocol)/PORT")
    }
    let numbers = parts.dropFirst().compactMap { part in
      part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(part).flatMap { $0 <= limit ? $0 : nil } : nil
    }
    let counts = ipProtocol.hasPorts ? 1...1 : ipProtocol.hasICMPKind ? 0...2 : 0...0
    guard numbers.count == parts.count - 1, counts.contains(numbers.count) else {
      throw ArgumentError(field: "protocol", problem: "found \"\(text)\", expected \(expected)")
    }
    let isNamed = Int(parts[0]) == nil
    let name =
      isNamed ? Self.text("protocol", String(parts[0])) : Self.number("protocol", Int(ipProtocol.rawValue))
    let names = ipProtocol.hasPorts ? ["port"] : ["icmp_type", "icmp_code"]
    return [name] + zip(names, numbers).map { Self.number($0, $1) }
  }

  private static func text(_ name: String, _ text: String) -> RawField {
    RawField(name: name, value: .string(text), given: .text(text))
  }

  private static func number(_ name: String, _ number: Int) -> RawField {
    RawField(name: name, value: .integer(number), given: .json(String(number)))
  }

  /// The question in words: `tcp/443 from web-1 to internet`.
  public var words: String {
    let port = service.port
    let traffic =
      service.ipProtocol.hasPorts
      ? "/\(port)" : service.ipProtocol.hasICMPKind ? "/\(port >> 8)/\(port & 255)" : ""
    let isNamed = service.ipProtocol.hasPorts || service.ipProtocol.hasICMPKind
    return "\(isNamed ? "" : "protocol ")\(service.ipProtocol)\(traffic) from \(from.text) to \(to.text)"
      + (entersAt.map { ", entering at \($0.text)" } ?? "")
  }
}
