import PolicyTesting
import RuleMatching
import VirtualNetworks

/// What policy tests leave open, for people: counts, rules that no test decides, and mutants that survive as claims to be
/// pasted into a test file.
public struct PolicyCoverageTextReport: Sendable {
  private let style: TextStyle

  public init(style: TextStyle = TextStyle()) { self.style = style }

  public func text(_ coverages: [PolicyCoverage]) -> String { coverages.map(text).joined(separator: "\n") }

  private func text(_ coverage: PolicyCoverage) -> String {
    var canvas = TextCanvas(style)
    canvas.line(StyledText("Coverage of \(coverage.networkPaths.joined(separator: ", "))", .bold))
    counts(coverage, &canvas)
    undecidedRules(coverage, &canvas)
    unsure(coverage, &canvas)
    return canvas.text + survivors(coverage)
  }

  private func counts(_ coverage: PolicyCoverage, _ canvas: inout TextCanvas) {
    canvas.line(
      StyledText("  rules    ", .dim)
        + StyledText(
          "\(Quantities.count(coverage.decided)) of \(Quantities.count(coverage.rules.count)) decided by "
            + Quantities.count(coverage.tests, "test")))
    var parts = [
      "\(Quantities.count(coverage.killed)) killed", "\(Quantities.count(coverage.survived)) survived",
    ]
    if coverage.equivalent > 0 { parts.append("\(Quantities.count(coverage.equivalent)) change nothing") }
    if coverage.undecided > 0 { parts.append("\(Quantities.count(coverage.undecided)) not decided") }
    if coverage.untried > 0 { parts.append("\(Quantities.count(coverage.untried)) not tried in time") }
    canvas.paragraph(
      StyledText("  mutants  ", .dim),
      Quantities.count(coverage.mutants.count) + ": " + parts.joined(separator: ", "), indent: 11)
    canvas.line(
      StyledText("  score    ", .dim)
        + StyledText(
          coverage.score.map { "\(Self.percent($0)), the killed of those that some packet tells apart" }
            ?? "none: there is no mutant that some packet tells apart"))
  }

  /// Whole percents, and never 100 or 0 for what is not quite that.
  static func percent(_ share: Double) -> String {
    let rounded = Int((share * 100).rounded())
    return "\(share == 1 ? 100 : share == 0 ? 0 : min(99, max(1, rounded))) %"
  }

  private func undecidedRules(_ coverage: PolicyCoverage, _ canvas: inout TextCanvas) {
    let rules = coverage.rules.filter { !$0.isDecided }
    if rules.isEmpty { return }
    canvas.heading("Rules that no test decides")
    var owner: ResourceID?
    for rule in rules {
      if rule.owner != owner {
        canvas.line(StyledText("  " + (coverage.titles[rule.owner] ?? rule.owner.rawValue)))
        owner = rule.owner
      }
      let side = rule.direction == .ingress ? "inbound " : "outbound"
      let number = rule.owner.rawValue.hasPrefix("acl-") ? rule.id + " " : ""
      canvas.paragraph(StyledText("    \(side)  "), number + rule.text, indent: 14)
    }
  }

  private func unsure(_ coverage: PolicyCoverage, _ canvas: inout TextCanvas) {
    let mutants = coverage.mutants.compactMap { mutant -> (PolicyCoverage.Mutant, String)? in
      if case .undecided(let reason) = mutant.fate { (mutant, reason) } else { nil }
    }
    if mutants.isEmpty { return }
    canvas.heading("Mutants that no test kills, and no packet was found for")
    for (mutant, reason) in mutants {
      canvas.paragraph("  ", "\(name(of: mutant, coverage)): \(reason)", indent: 4)
    }
  }

  // MARK: Claims to paste

  /// Never wrapped: it is there to be copied.
  private func survivors(_ coverage: PolicyCoverage) -> String {
    let claims = coverage.mutants.compactMap { mutant -> String? in
      guard case .survived(let witness) = mutant.fate else { return nil }
      let comment = "# \(witness.ends): \(word(of: witness)) if the rule is a mutant"
      return indented(
        StyledText.plain(comment) + "\n" + witness.yaml(name: name(of: mutant, coverage)))
    }
    if claims.isEmpty { return "" }
    var canvas = TextCanvas(style)
    canvas.line()
    canvas.line(
      StyledText("Mutants that survive", .bold)
        + StyledText("  claims that kill them, to be pasted under tests:", .dim))
    return canvas.text + claims.joined()
  }

  private func indented(_ text: String) -> String {
    text.split(separator: "\n").map { "  \($0)\n" }.joined()
  }

  private func word(of witness: MutantWitness) -> String {
    switch witness.mutantVerdict {
    case .allow: "allowed"
    case .deny: "denied"
    default: "not known"
    }
  }

  /// `sg-0123 (web) inbound tcp 22 from sg-9: dropped`
  private func name(of mutant: PolicyCoverage.Mutant, _ coverage: PolicyCoverage) -> String {
    (coverage.titles[mutant.mutation.owner] ?? mutant.mutation.owner.rawValue) + " " + mutant.mutation.summary
  }
}
