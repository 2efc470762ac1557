import Filtering

/// Answers to traced questions as JSON, one object a line: the fields given, then the answer.
public struct TraceJSONReport: Sendable {
  private let filter: PacketFilter
  /// What the answer says; a field of the question with such a name is not repeated.
  private static let answerFields: Set = [
    "verdict", "blockers", "path", "reply_path", "missing", "suggestions", "from_place", "to_place", "hops",
    "reply_hops", "suggestions_complete", "translations",
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
      members.append(("missing", .strings(answer.unknowns.map { filter.explain($0) })))
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
    members.append(("translations", .array(translations(answer))))
    if answer.verdict == .deny {
      let remedy = filter.remedy(for: answer, to: question)
      members.append(("suggestions", .strings(remedy.suggestions.map(\.text))))
      members.append(("suggestions_complete", .bool(remedy.isComplete && !remedy.suggestions.isEmpty)))
    }
    return JSONText.object(members).compact() + "\n"
  }

  private func hop(_ hop: TraceHop) -> JSONText {
    .object(
      [("kind", .string(hop.kind.rawValue)), ("resource", .optional(hop.resource?.rawValue))]
        + JSONText.members(of: hop.place))
  }

  /// The packet before and after each change of its addresses.
  private func translations(_ answer: TraceAnswer) -> [JSONText] {
    var result: [JSONText] = []
    for way in [TraceStep.Way.request, .reply] {
      let steps = answer.steps.filter { $0.way == way }
      var before = way == .request ? answer.header : answer.steps.last { $0.way == .request }?.header.reply
      for traced in steps {
        if let old = before, old != traced.header, traced.step.action == .translate {
          result.append(
            .object([
              ("leg", .string(way.rawValue)),
              ("resource", .optional(filter.subject(of: traced.step)?.rawValue)),
              ("before", ends(old)), ("after", ends(traced.header)),
            ]))
        }
        before = traced.header
      }
    }
    return result
  }

  private func ends(_ header: PacketHeader) -> JSONText {
    let hasPorts = header.ipProtocol.hasPorts
    return .object([
      ("from", .string(header.source.description)),
      ("from_port", hasPorts ? .integer(Int(header.sourcePort)) : .null),
      ("to", .string(header.destination.description)),
      ("port", hasPorts ? .integer(Int(header.service.port)) : .null),
    ])
  }

  private func blocker(_ traced: TraceStep) -> JSONText {
    let step = traced.step
    return .object([
      ("stage", .string(step.stage.description)), ("code", .optional(step.code?.rawValue)),
      ("resource", .optional(filter.subject(of: step)?.rawValue)),
      ("rule", .optional(filter.ruleName(of: step))),
      ("direction", .string(step.direction.description)), ("leg", .string(traced.way.rawValue)),
      ("explanation", .string(filter.explain(traced))),
    ])
  }
}
