import Filtering
import NetworkTypes
import PolicyFormats
import VirtualNetworks

/// Files of flow questions: an answer or an error a line, in order.
enum QuestionTarget {
  private static let resolver = SelectorResolver(Example.network)

  static func run(_ bytes: [UInt8]) {
    var latest = 0
    for (index, entry) in FlowQuestionReader().read(bytes, file: "flows").enumerated() {
      switch entry {
      case .success(let question):
        require(question.line > latest, "line \(question.line) after \(latest)")
        latest = question.line
        if index < 40 { answer(question) }
      case .failure(let error):
        require(error.line >= latest && error.file == "flows", "\(error) after line \(latest)")
        latest = error.line
      }
    }
  }

  private static func answer(_ question: FlowQuestion) {
    guard
      let asked = try? TraceQuestion(
        from: question.from, to: question.to, entersAt: question.entersAt, service: question.service,
        sourcePort: question.sourcePort, isRoundTrip: question.isRoundTrip, in: resolver)
    else { return }
    let filter = Example.filter
    let answer = filter.trace(asked)
    require([.allow, .deny, .unknown].contains(answer.verdict), "\(answer.verdict)")
    require(
      (answer.verdict == .deny) == !answer.blockers.isEmpty, "\(answer.verdict) with \(answer.blockers.count)"
    )
    for step in answer.steps { _ = filter.explain(step.step, for: step.header) }
    if answer.verdict == .deny { _ = filter.remedy(for: answer, to: asked) }
  }
}
