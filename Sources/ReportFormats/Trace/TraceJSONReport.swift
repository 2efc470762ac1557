import Filtering

/// Answers to traced questions as JSON, one object a line: the fields given, then the answer.
public struct TraceJSONReport: Sendable {
  private let filter: PacketFilter
  /// What the answer says; a field of the question with such a name is not repeated.
  private static let answerFields: Set = [
    "verdict", "blockers", "path", "reply_path", "missing", "suggestions", "from_place", "to_place", "hops",
    "reply_hops",
  ]

  public init(_ filter: PacketFilter) { self.filter = filter }

  /// The answer to a question on one line, the line end included.
  public func line(
    given fields: [(String, JSONText)], _ question: TraceQuestion, _ answer: TraceAnswer
  ) -> String {
    var members = fields.filter { !Self.answerFields.contains($0.0) }
    members.append(("verdict", .string(answer.verdict.description)))
    members.append(("blockers", .array(answer.blockers.map(blocker))))
    members.append(("path", .strings(filter.path(of: answer, .request))))
    if answer.verdict == .unknown {
      members.append(("missing", .strings(answer.unknowns.map { filter.explain($0.step, for: $0.header) })))
    }
    if answer.steps.contains(where: { $0.way == .reply }) {
      members.append(("reply_path", .strings(filter.path(of: answer, .reply))))
    }
    let ends = filter.ends(of: question, answer)
    members.append(("from_place", JSONText(ends.from.place)))
    members.append(("to_place", JSONText(ends.to.place)))
    members.append(("hops", .array(filter.hops(of: answer, .request).map(hop))))
    if answer.steps.contains(where: { $0.way == .reply }) {
      members.append(("reply_hops", .array(filter.hops(of: answer, .reply).map(hop))))
    }
    if answer.verdict == .deny {
      members.append(
        ("suggestions", .strings(filter.remedy(for: answer, to: question).suggestions.map(\.text))))
    }
    return JSONText.object(members).compact() + "\n"
  }

  private func hop(_ hop: TraceHop) -> JSONText {
    .object(
      [("kind", .string(hop.kind.rawValue)), ("resource", .optional(hop.resource?.rawValue))]
        + JSONText.members(of: hop.place))
  }

  private func blocker(_ traced: TraceStep) -> JSONText {
    let step = traced.step
    return .object([
      ("stage", .string(step.stage.description)), ("code", .optional(step.code?.rawValue)),
      ("resource", .optional(filter.subject(of: step)?.rawValue)),
      ("rule", .optional(filter.ruleName(of: step))),
      ("direction", .string(step.direction.description)), ("leg", .string(traced.way.rawValue)),
      ("explanation", .string(filter.explain(step, for: traced.header))),
    ])
  }
}
