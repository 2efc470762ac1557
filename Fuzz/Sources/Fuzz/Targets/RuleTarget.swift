import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Rules, a line each: what is printed reads back as the same, and the compiled list answers like the rules in turn.
enum RuleTarget {
  static func run(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    var rules: [ResolvedRule] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: true).prefix(64) {
      if let rule = rule(line) { rules.append(rule) }
      entry(line)
      names(String(line))
    }
    compare(rules)
  }

  private static func rule(_ line: Substring) -> ResolvedRule? {
    do throws(MatchTextError) {
      let (match, direction) = try Match.parse(line)
      let printed = match.text(direction)
      let again = try Match.parse(printed)
      require(again.match == match && again.direction == direction, "\(line): printed as \(printed)")
      if case .prefix(let prefix) = match.peer { return ResolvedRule(match.traffic, prefixes: [prefix]) }
    } catch {
      check(error, line)
    }
    return nil
  }

  private static func entry(_ line: Substring) {
    do throws(MatchTextError) {
      let entry = try NumberedMatch.parse(line)
      let again = try NumberedMatch.parse(entry.text)
      require(again == entry, "\(line): printed as \(entry.text)")
    } catch {
      check(error, line)
    }
  }

  private static func check(_ error: MatchTextError, _ line: Substring) {
    require(!error.description.isEmpty, "no description")
    require(
      error.column >= 1 && error.column <= line.unicodeScalars.count + 1,
      "column \(error.column) of a line with \(line.unicodeScalars.count): \(line)")
  }

  /// The words that rules are made of, alone.
  private static func names(_ line: String) {
    if let address = IPAddress(line) { require(IPAddress(address.description) == address, line) }
    if let prefix = IPPrefix(line) { require(IPPrefix(prefix.description) == prefix, line) }
    if let selector = try? Selector(line) { require((try? Selector(selector.text)) == selector, line) }
    if let time = CaptureTime(line) { require(CaptureTime(time.description) == time, "\(line): \(time)") }
  }

  private static func compare(_ rules: [ResolvedRule]) {
    guard !rules.isEmpty else { return }
    let (compiled, linear) = (CompiledRules(rules), LinearRules(rules))
    for rule in rules.prefix(12) {
      let services = rule.traffic.services
      for prefix in rule.prefixes {
        for remote in [prefix.first, prefix.last] {
          for raw in [
            services.lowerBound.rawValue, services.upperBound.rawValue, services.lowerBound.rawValue &- 1,
            services.upperBound.rawValue + 1,
          ] where raw <= ServiceKey.last.rawValue {
            let key = ServiceKey(rawValue: raw)
            let (answer, expected) = (
              compiled.firstMatch(remote: remote, service: key),
              linear.firstMatch(remote: remote, service: key)
            )
            require(
              answer == expected, "\(remote) \(key): compiled \(answer ?? -1), in turn \(expected ?? -1)")
          }
        }
      }
    }
  }
}
