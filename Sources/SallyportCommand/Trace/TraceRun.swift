import Filtering
import PolicyFormats
import ReportFormats
import VirtualNetworks

/// Questions put to a network one after the other, and what became of them.
struct TraceRun {
  private let filter: PacketFilter
  private let resolver: SelectorResolver
  private let json: TraceJSONReport
  private let text: TraceTextReport
  private(set) var tally = TraceTally()
  /// Verdicts that were given.
  private(set) var verdicts: Set<PacketClass> = []

  init(_ network: VirtualNetwork, style: TextStyle) {
    filter = PacketFilter(network)
    resolver = SelectorResolver(network)
    json = TraceJSONReport(filter)
    text = TraceTextReport(filter, style: style)
  }

  enum Form {
    case json
    /// Hop by hop.
    case path
    /// One line a question.
    case line
  }

  /// Answers one question.
  mutating func answer(_ question: FlowQuestion, as form: Form) throws(TraceQuestion.Misfit) -> String {
    let resolved = try TraceQuestion(
      from: question.from, to: question.to, entersAt: question.entersAt, service: question.service,
      sourcePort: question.sourcePort, isRoundTrip: question.isRoundTrip, in: resolver)
    let answer = filter.trace(resolved)
    tally.record(answer.verdict)
    verdicts.insert(answer.verdict)
    switch form {
    case .json:
      return json.line(given: question.fields.map { ($0.name, JSONText($0.value)) }, resolved, answer)
    case .path: return text.text(question.words, id: question.id, resolved, answer)
    case .line: return text.line(question.words, id: question.id, answer)
    }
  }
}

extension JSONText {
  fileprivate init(_ value: FlowQuestion.Field.Value) {
    switch value {
    case .text(let text): self = .string(text)
    case .json(let text): self = .raw(text)
    }
  }
}
