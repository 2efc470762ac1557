import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Rules of security groups and entries of network ACLs: lines of text.
extension NativeReading {
  /// A group's rules; a rule is its line, or a mapping with the line as `rule`.
  func rules(_ node: YAMLNode, _ direction: Direction, of group: SecurityGroup) -> [SecurityGroupRule] {
    let elements = log.attempt { () throws(YAMLProblem) in try node.list("a list of rules") } ?? []
    return elements.enumerated().compactMap { place, element in
      log.attempt { () throws(YAMLProblem) in
        var rule = RuleDraft(line: element, location: element.location)
        if case .mapping(let mapping) = element.content {
          keys.rule.read(mapping, into: &rule, self)
          // The missing line is a problem that was noted.
          guard mapping["rule"] != nil else { return nil }
        }
        return SecurityGroupRule(
          id: rule.id ?? NativeReading.ruleID(direction, place),
          match: try match(rule.line, direction, of: group),
          summary: rule.summary, reference: rule.reference == .init() ? nil : rule.reference,
          location: rule.location)
      } ?? nil
    }
  }

  static func ruleID(_ direction: Direction, _ place: Int) -> String {
    "\(direction == .ingress ? "inbound" : "outbound")-\(place + 1)"
  }

  private func match(
    _ node: YAMLNode, _ direction: Direction, of group: SecurityGroup
  ) throws(YAMLProblem) -> Match {
    let line = try node.text("a rule (tcp 443 from 0.0.0.0/0)")
    let parsed: (match: Match, direction: Direction)
    do { parsed = try Match.parse(line) } catch { throw node.problem(at: error) }
    if parsed.direction != direction { throw node.wrongDirection(direction) }
    var match = parsed.match
    switch match.peer {
    case .prefix: break
    case .group(let name):
      match.peer = .group(
        try looseID(
          .securityGroup, name, at: node.location, of: group.id, code: "unknown_peer_group", in: group.vpc
        ).rawValue)
    case .prefixList(let name):
      match.peer = .prefixList(
        try looseID(.prefixList, name, at: node.location, of: group.id, code: "unknown_prefix_list").rawValue)
    }
    return match
  }

  private func numberedMatch(_ line: String, _ node: YAMLNode) throws(YAMLProblem) -> NumberedMatch {
    do { return try NumberedMatch.parse(line) } catch { throw node.problem(at: error) }
  }

  /// An ACL's entries, each a line: `100 allow tcp 443 from 0.0.0.0/0`.
  func entries(_ node: YAMLNode, _ direction: Direction) -> [NetworkACLEntry] {
    let elements = log.attempt { () throws(YAMLProblem) in try node.list("a list of entries") } ?? []
    var numbers: [Int: Int] = [:]
    return elements.compactMap { element in
      log.attempt { () throws(YAMLProblem) in
        let line = try element.text("an entry (100 allow tcp 443 from 0.0.0.0/0)")
        let parsed = try numberedMatch(line, element)
        if parsed.direction != direction { throw element.wrongDirection(direction) }
        guard case .prefix(let prefix) = parsed.match.peer else {
          throw YAMLProblem(
            at: element.location,
            "found \"\(line)\", expected a block of addresses: an entry of a network ACL takes "
              + "neither groups nor prefix lists")
        }
        if let other = numbers.updateValue(element.location.line ?? 0, forKey: parsed.number) {
          throw YAMLProblem(
            at: element.location,
            "number \(parsed.number) occurs twice in one list (first in line \(other)); expected numbers that differ"
          )
        }
        return NetworkACLEntry(
          number: parsed.number, action: parsed.allows ? .allow : .deny, traffic: parsed.match.traffic,
          prefix: prefix, location: element.location)
      }
    }
  }
}

extension YAMLNode {
  /// The place within a rule's line where it cannot be read; for a line without quotes, to the column.
  fileprivate func problem(at error: MatchTextError) -> YAMLProblem {
    var place = location
    if case .scalar(let text, isPlain: true) = content, !text.contains("\n"), let column = location.column {
      place.column = column + error.column - 1
    }
    return YAMLProblem(
      at: place, found: error.found.isEmpty ? "nothing" : "\"\(error.found)\"",
      expected: "\(error.expected), in \(found)")
  }

  fileprivate func wrongDirection(_ direction: Direction) -> YAMLProblem {
    let (expected, list) = direction == .ingress ? ("from", "inbound") : ("to", "outbound")
    return YAMLProblem(at: location, found: found, expected: "\"\(expected)\": it stands in \(list)")
  }
}

/// A rule in its long form.
struct RuleDraft {
  var line: YAMLNode
  var location: SourceLocation
  var id: String?
  var summary = ""
  var reference = SecurityGroupRule.GroupReference()

  static func object() -> NativeObject<RuleDraft> {
    NativeObject(
      "rule", "A rule with what its line does not tell.",
      [
        NativeKey("rule", .rule(isNumbered: false), "The rule's line.", isRequired: true) { node, draft, _ in
          draft.line = node
        } write: { _, _ in
          nil
        },
        .text("id", \.id, "The rule's id, sgr-…; without it the list and the place in it: inbound-1."),
        .text("description", \.summary, "What the rule is for."),
        .text("account", \.reference.account, "The account of a referenced group of somebody else."),
        .reference("vpc", .vpc, \.reference.vpc, "The VPC of a referenced group over a peering."),
        .reference("peering", .peering, \.reference.peering, "The peering connection of the reference."),
        .text("peering_status", \.reference.peeringStatus, "active, deleted, …"),
      ])
  }
}

extension NativeWriting {
  func rules(_ rules: [SecurityGroupRule], _ direction: Direction) -> YAMLValue {
    .list(
      rules.enumerated().map { place, rule in
        var match = rule.match
        switch match.peer {
        case .prefix: break
        case .group(let id): match.peer = .group(peer(.securityGroup, id))
        case .prefixList(let id): match.peer = .prefixList(peer(.prefixList, id))
        }
        let line = YAMLValue.text(match.text(direction))
        var draft = RuleDraft(line: YAMLNode(.list([])), location: SourceLocation())
        draft.id = rule.id == NativeReading.ruleID(direction, place) ? nil : rule.id
        draft.summary = rule.summary
        draft.reference = rule.reference ?? .init()
        let rest = keys.rule.write(draft, self)
        return rest.isEmpty ? line : .map([("rule", line)] + rest)
      })
  }

  private func peer(_ kind: NativeKind, _ id: String) -> String {
    reference(kind, ResourceID(rawValue: id))
  }

  func entries(_ entries: [NetworkACLEntry], _ direction: Direction) -> YAMLValue {
    .list(
      entries.map { entry in
        .text(
          NumberedMatch(
            number: entry.number, allows: entry.action == .allow,
            match: Match(entry.traffic, peer: .prefix(entry.prefix)), direction: direction
          ).text)
      })
  }
}
