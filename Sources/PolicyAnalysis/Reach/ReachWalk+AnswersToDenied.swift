import Filtering
import NetworkTypes
import RuleMatching

extension ReachWalk {
  /// The region of the packets that fare like an answer to a request that is denied; nil where no interface tracks such a
  /// request, so that the answer is none.
  mutating func answerToDenied(_ witness: TraceQuestion, _ answer: TraceAnswer) -> ReachRegion? {
    guard !header.ipProtocol.hasICMPKind || header.request.service != header.service else { return nil }
    var tracking: [InterfaceIndex] = []
    var tests: [RuleTest] = []
    // The lists that are open now decide of the request as well: it is denied as they were, or whatever they say.
    for side in [revision?.original ?? analyzer, analyzer] {
      guard
        let request = side.filter.trace(
          captured: header.request, isRoundTrip: false, findsEveryBlocker: false)
      else { return nil }
      var ignored: [RuleIndex] = []
      for var test in side.filter.ruleTests(of: request) {
        // Its services are the answer's source ports.
        test.way = .reply
        narrow(to: test, of: side, &ignored)
        if case .policy = test.list { tests.append(test) }
      }
      guard request.verdict == .deny else { continue }
      for traced in request.steps where traced.step.element == .securityGroup && traced.step.action == .allow
      {
        if let interface = traced.step.interface { tracking.append(interface) }
      }
    }
    let steps = answer.steps.filter { traced in
      traced.step.element != .securityGroup || traced.step.interface.map { !tracking.contains($0) } ?? true
    }
    guard steps.count < answer.steps.count else { return nil }
    tests = steps.compactMap(analyzer.filter.ruleTest) + tests
    var ignored: [RuleIndex] = []
    for test in tests where test.way == .request { narrow(to: test, of: analyzer, &ignored) }
    isMarked = narrowToMarks(tests)
    if isMarked, let revision { narrow(to: revision, tests) }
    let isDenied = steps.contains { $0.step.action == .deny }
    return ReachRegion(
      verdict: isDenied ? .deny : .allow, packets: cell, witness: witness, answer: answer, rules: [])
  }
}
