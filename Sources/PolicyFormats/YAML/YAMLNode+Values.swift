import NetworkTypes
import VirtualNetworks

extension YAMLNode {
  /// The text of a scalar that is not empty; `expected` says what it should be.
  public func text(_ expected: String = "text") throws(YAMLProblem) -> String {
    guard case .scalar(let text, _) = content, !isNull else { throw problem(expected) }
    return text
  }

  /// What `read` makes of the scalar's text; where that is nil, the problem says what was expected.
  public func value<Value>(
    _ expected: String, _ read: (String) -> Value?
  ) throws(YAMLProblem) -> Value {
    guard let value = read(try text(expected)) else { throw problem(expected) }
    return value
  }

  /// `true` or `false`.
  public func bool() throws(YAMLProblem) -> Bool {
    try value("true or false") { ["true": true, "false": false][$0.lowercased()] }
  }

  /// A decimal number of a range.
  public func integer(in range: ClosedRange<Int>) throws(YAMLProblem) -> Int {
    let expected =
      range.upperBound == .max
      ? "a whole number, \(range.lowerBound) or more"
      : "a whole number from \(range.lowerBound) to \(range.upperBound)"
    return try value(expected) { text in
      let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
      guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text) else { return nil }
      return range.contains(number) ? number : nil
    }
  }

  /// A finite number.
  public func number() throws(YAMLProblem) -> Double {
    try value("a number") { Double($0).flatMap { $0.isFinite ? $0 : nil } }
  }

  /// One of some words.
  public func word(_ choices: [String]) throws(YAMLProblem) -> String {
    let word = try text("one of \(choices.joined(separator: ", "))")
    if choices.contains(word) { return word }
    let nearest = NearestNames.find(word, among: choices, limit: 1).first
    throw YAMLProblem(
      at: location,
      "found \(found), expected one of \(choices.joined(separator: ", "))"
        + (nearest.map { "; did you mean \"\($0)\"?" } ?? ""))
  }

  /// An IPv4 or IPv6 address.
  public func address() throws(YAMLProblem) -> IPAddress {
    try value("an IPv4 or IPv6 address") { IPAddress($0) }
  }

  public func ipv4Address() throws(YAMLProblem) -> IPv4Address {
    try value("an IPv4 address") { if case .v4(let address)? = IPAddress($0) { address } else { nil } }
  }

  public func ipv6Address() throws(YAMLProblem) -> IPv6Address {
    try value("an IPv6 address") { if case .v6(let address)? = IPAddress($0) { address } else { nil } }
  }

  /// A block of addresses, `10.0.0.0/16`, with no bit set beyond its length.
  public func prefix() throws(YAMLProblem) -> IPPrefix {
    try value("a block of addresses (10.0.0.0/16)") { IPPrefix($0) }
  }

  /// The elements of a list; an empty value is an empty list.
  public func list(_ expected: String = "a list") throws(YAMLProblem) -> [YAMLNode] {
    if case .list(let nodes) = content { return nodes }
    if isNull { return [] }
    throw problem(expected)
  }

  /// The elements of a list, or the value itself where one stands alone; nothing is an empty list.
  public var listOrOne: [YAMLNode] {
    if case .list(let nodes) = content { return nodes }
    return isNull ? [] : [self]
  }

  /// The members of a mapping; an empty value is an empty mapping.
  public func mapping(_ expected: String = "a mapping (key: value)") throws(YAMLProblem) -> YAMLMapping {
    if case .mapping(let mapping) = content { return mapping }
    if isNull { return YAMLMapping([], location: location) }
    throw problem(expected)
  }

  /// The problem that something else was expected here.
  public func problem(_ expected: String) -> YAMLProblem {
    YAMLProblem(at: location, found: found, expected: expected)
  }
}
