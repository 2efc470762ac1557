import Filtering
import NetworkTypes
import VirtualNetworks

/// The answer to one traced question as text: the verdict, the path there and back, what would open it.
public struct TraceTextReport: Sendable {
  private let filter: PacketFilter
  private let style: TextStyle
  private static let markWidth = 9
  private static let stageWidth = 26
  private static let indent = 2 + markWidth

  public init(_ filter: PacketFilter, style: TextStyle = TextStyle()) {
    self.filter = filter
    self.style = style
  }

  /// The report; `asked` is the question in the asker's words: `tcp/443 from web-1 to internet`.
  public func text(
    _ asked: String, id: String? = nil, _ question: TraceQuestion, _ answer: TraceAnswer
  ) -> String {
    var canvas = TextCanvas(style)
    let verdict = Self.word(answer.verdict)
    let asked = (id.map { $0 + "  " } ?? "") + asked
    canvas.paragraph(verdict + "  ", "\(asked): \(conclusion(question, answer))", indent: 2)
    add(.request, of: question, answer, to: &canvas)
    add(.reply, of: question, answer, to: &canvas)
    addRemedy(question, answer, to: &canvas)
    return canvas.text
  }

  /// One line for a question among many.
  public func line(_ asked: String, id: String?, _ answer: TraceAnswer) -> String {
    var canvas = TextCanvas(style)
    let word = Self.word(answer.verdict).padded(to: Self.markWidth - 1, style)
    let reason: String? =
      switch answer.verdict {
      case .deny: answer.blockers.first.map { self.reason($0, more: answer.blockers.count - 1) }
      case .unknown: answer.unknowns.first.map { filter.explain($0) }
      default: nil
      }
    let question = StyledText((id.map { $0 + "  " } ?? "") + asked)
    let line = word + question + StyledText(reason.map { "  " + $0 } ?? "", .dim)
    // Whatever reads a file or a pipe wants the whole of it.
    guard style.cutsLines else { return line.rendered(style) + "\n" }
    canvas.line(line)
    return canvas.text
  }

  private func reason(_ blocker: TraceStep, more: Int) -> String {
    let way = blocker.way == .reply ? "reply: " : ""
    return way + (blocker.step.code?.rawValue ?? "denied") + (more > 0 ? " +\(more)" : "")
  }

  // MARK: Verdict

  static func word(_ verdict: PacketClass) -> StyledText {
    switch verdict {
    case .deny: StyledText("DENY", .boldRed)
    case .unknown: StyledText("UNKNOWN", .yellow)
    default: StyledText("ALLOW", .green)
    }
  }

  private func conclusion(_ question: TraceQuestion, _ answer: TraceAnswer) -> String {
    switch answer.verdict {
    case .deny:
      let inRequest = answer.blockers.filter { $0.way == .request }.count
      let places = { (count: Int) in count == 1 ? "in 1 place" : "in \(count) places" }
      if inRequest == 0 { return "it gets there, but the reply is stopped \(places(answer.blockers.count))" }
      let inReply = answer.blockers.count - inRequest
      return "stopped \(places(inRequest))" + (inReply > 0 ? ", and its reply \(places(inReply))" : "")
    case .unknown:
      let count = answer.unknowns.count
      return "it hangs on \(count == 1 ? "something" : "\(count) things") that the input does not tell"
    default: return permission(question, answer)
    }
  }

  private func permission(_ question: TraceQuestion, _ answer: TraceAnswer) -> String {
    if answer.steps.count == 1, let step = answer.steps.first?.step, step.stage == .placement {
      switch step.element {
      case .internet: return "both ends are on the internet, the network is not asked"
      case .networkInterface: return "both ends are one host, nothing filters between them"
      default: return "traffic of the platform's own services is never filtered"
      }
    }
    if answer.steps.contains(where: { $0.step.element == .platformService }) {
      return "traffic of the platform's own services is never filtered"
    }
    return question.isRoundTrip
      ? "it gets there, and its reply comes back" : "it gets there (the reply was not asked about)"
  }

  // MARK: Path

  private func add(
    _ way: TraceStep.Way, of question: TraceQuestion, _ answer: TraceAnswer, to canvas: inout TextCanvas
  ) {
    let steps = answer.steps.filter { $0.way == way }
    if steps.isEmpty {
      guard way == .reply, question.isRoundTrip, answer.verdict == .deny else { return }
      canvas.heading("reply", "not followed: the request does not get there")
      return
    }
    // No reply changes before its first step; a request begins as it was asked.
    var header = way == .request ? answer.header : beginning(of: steps, answer)
    let hasAddresses = header.source != .v4(.zero) || header.destination != .v4(.zero)
    canvas.heading(way.rawValue, hasAddresses ? "\(filter.traffic(of: header))  \(Self.ends(header))" : "")
    if way == .request { addPlaces(question, answer, to: &canvas) }
    for traced in steps {
      add(traced, before: header, isUntracked: answer.isUntracked(at: traced), to: &canvas)
      header = traced.header
    }
  }

  /// Where both ends are, and what the packet passes between them: `web-1 in us-east-1a (use1-az4) -> internet`.
  private func addPlaces(
    _ question: TraceQuestion, _ answer: TraceAnswer, to canvas: inout TextCanvas
  ) {
    let ends = filter.ends(of: question, answer)
    var hops = filter.hops(of: answer, .request)
    if !hops.contains(where: { $0.isSame(as: ends.from) }) { hops.insert(ends.from, at: 0) }
    if !hops.contains(where: { $0.isSame(as: ends.to) }) { hops.append(ends.to) }
    guard hops.contains(where: { $0.place.map { !$0.fullDescription.isEmpty } ?? false }) else { return }
    let lead = "  " + StyledText("where", .dim).padded(to: Self.markWidth, style)
    canvas.paragraph(lead, hops.map(place).joined(separator: " -> "), indent: Self.indent)
  }

  private func place(_ hop: TraceHop) -> String {
    let name = hop.resource.map { filter.name(of: $0) ?? $0.rawValue } ?? "\(hop.kind)"
    guard let place = hop.place?.fullDescription, !place.isEmpty else { return name }
    return "\(name) in \(place)"
  }

  /// What the reply is before its first step: the request as it arrived, turned round.
  private func beginning(of reply: [TraceStep], _ answer: TraceAnswer) -> PacketHeader {
    answer.steps.last { $0.way == .request }?.header.reply ?? reply[0].header
  }

  private func add(
    _ traced: TraceStep, before: PacketHeader, isUntracked: Bool, to canvas: inout TextCanvas
  ) {
    let step = traced.step
    let stage = StyledText(filter.stageName(of: step)).padded(to: Self.stageWidth, style)
    let subject = filter.subject(of: step).map { shortTitle($0) } ?? ""
    canvas.line(
      "  " + Self.mark(isUntracked ? .allow : step.action).padded(to: Self.markWidth, style) + stage + " "
        + StyledText(subject, .bold))
    let lead = StyledText(String(repeating: " ", count: Self.indent))
    switch step.action {
    case .deny:
      let code = step.code.map { StyledText($0.rawValue, .red) + ": " } ?? ""
      canvas.paragraph(lead + code, filter.explain(traced), indent: Self.indent)
    case .translate where before != traced.header:
      canvas.paragraph(lead + "was ", Self.ends(before), indent: Self.indent)
      canvas.paragraph(lead + "now ", Self.ends(traced.header), indent: Self.indent)
    case .established where isUntracked:
      canvas.paragraph(
        lead, "the flow is not tracked: rules open to everyone let both its directions pass",
        indent: Self.indent)
    case .established, .unfiltered:
      canvas.paragraph(lead, filter.explain(traced), indent: Self.indent)
    case .allow where step.rule == nil: break
    default: canvas.paragraph(lead, filter.explain(traced), indent: Self.indent)
    }
  }

  /// `sg-1 (web)`; of an ARN only the part that differs between resources.
  private func shortTitle(_ id: ResourceID) -> String {
    guard id.rawValue.hasPrefix("arn:"), let slash = id.rawValue.firstIndex(of: "/") else {
      return filter.title(of: id)
    }
    return String(id.rawValue[id.rawValue.index(after: slash)...])
  }

  private static func mark(_ action: PathStep.Action) -> StyledText {
    switch action {
    case .allow: StyledText("allow", .green)
    case .deny: StyledText("DENY", .boldRed)
    case .unknown: StyledText("unknown", .yellow)
    case .established: StyledText("tracked", .green)
    case .unfiltered: StyledText("pass", .green)
    case .translate: StyledText("rewrite", .plain)
    }
  }

  /// `10.0.0.10:49152 -> 10.0.2.10:5432`
  private static func ends(_ header: PacketHeader) -> String {
    func end(_ address: IPAddress, _ port: UInt16) -> String {
      guard header.ipProtocol.hasPorts else { return address.description }
      return address.family == .v6 ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
    return "\(end(header.source, header.sourcePort)) -> \(end(header.destination, header.service.port))"
  }

  // MARK: Remedy

  private func addRemedy(_ question: TraceQuestion, _ answer: TraceAnswer, to canvas: inout TextCanvas) {
    if answer.verdict == .unknown {
      canvas.heading("What the input lacks")
      for traced in answer.unknowns {
        canvas.paragraph("  - ", filter.explain(traced), indent: 4)
      }
      return
    }
    guard answer.verdict == .deny else { return }
    let remedy = filter.remedy(for: answer, to: question)
    if remedy.suggestions.isEmpty {
      canvas.heading("What would open it", "nothing that is certain, from what the input tells")
      return
    }
    canvas.heading("What would open it", remedy.isComplete ? "" : "as far as can be told now; ask again then")
    for suggestion in remedy.suggestions { canvas.paragraph("  - ", suggestion.text, indent: 4) }
  }
}

/// How many questions had which answer.
public struct TraceTally: Sendable {
  private var allowed = 0
  private var denied = 0
  private var unknown = 0

  public init() {}

  public mutating func record(_ verdict: PacketClass) {
    switch verdict {
    case .deny: denied += 1
    case .unknown: unknown += 1
    default: allowed += 1
    }
  }

  /// `1,294 questions: 633 allow, 661 deny, 0 unknown`
  public var text: String {
    Quantities.count(allowed + denied + unknown, "question") + ": \(Quantities.count(allowed)) allow, "
      + "\(Quantities.count(denied)) deny, \(Quantities.count(unknown)) unknown"
  }
}
