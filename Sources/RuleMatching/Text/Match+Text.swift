import NetworkTypes

extension Match {
  /// The rule as one line: `tcp 443 from 0.0.0.0/0`; ``parse(_:)`` reads it back.
  public func text(_ direction: Direction) -> String {
    "\(traffic) \(direction == .ingress ? "from" : "to") \(peer)"
  }
}

extension TrafficMatch: CustomStringConvertible {
  /// `all`, `tcp 443`, `udp any`, `icmp 3/4`, `icmpv6 any`, `proto 47`.
  public var description: String {
    switch self {
    case .all: "all"
    case .tcp(let ports): "tcp \(ports == .all ? "any" : ports.description)"
    case .udp(let ports): "udp \(ports == .all ? "any" : ports.description)"
    case .icmp(let match): "icmp \(match)"
    case .icmpv6(let match): "icmpv6 \(match)"
    case .other(let ipProtocol): "proto \(ipProtocol.rawValue)"
    }
  }
}

extension ICMPMatch: CustomStringConvertible {
  /// `any`, `8`, `3/4`.
  public var description: String {
    switch (type, code) {
    case (let type?, let code?): "\(type)/\(code)"
    case (let type?, nil): "\(type)"
    case (nil, _): "any"
    }
  }
}

extension Peer: CustomStringConvertible {
  /// `10.0.0.0/8`, `sg/web`, `sg-0123`, `pl/"head office"`.
  public var description: String {
    switch self {
    case .prefix(let prefix): prefix.description
    case .group(let name): Self.text(of: name, kind: "sg")
    case .prefixList(let name): Self.text(of: name, kind: "pl")
    }
  }

  private static func text(of name: String, kind: String) -> String {
    let isPlain = !name.isEmpty && name.unicodeScalars.allSatisfy(isPlain)
    // What begins like an id needs no marker: sg-0123 reads back as the same name.
    if isPlain && name.hasPrefix("\(kind)-") { return name }
    return "\(kind)/\(isPlain ? name : quoted(name))"
  }

  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-", "/", ":", "@", "+", "=": true
    default: false
    }
  }

  /// Quotes a name; controls are written as numbers, so that a rule stays on its line.
  private static func quoted(_ name: String) -> String {
    var text = "\""
    for scalar in name.unicodeScalars {
      switch scalar {
      case "\"", "\\":
        text.unicodeScalars.append("\\")
        text.unicodeScalars.append(scalar)
      case _
      where scalar.properties.generalCategory == .control || scalar == "\u{2028}" || scalar == "\u{2029}":
        text += "\\u{\(String(scalar.value, radix: 16))}"
      default:
        text.unicodeScalars.append(scalar)
      }
    }
    text.unicodeScalars.append("\"")
    return text
  }
}
