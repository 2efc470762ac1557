import PolicyTesting
import RuleMatching
import VirtualNetworks

extension PolicyTestJSONReport {
  /// The member `coverage`: one object a network.
  static func coverage(_ coverages: [PolicyCoverage]) -> JSONText { .array(coverages.map(coverage)) }

  private static func coverage(_ coverage: PolicyCoverage) -> JSONText {
    .object([
      ("network", .strings(coverage.networkPaths)), ("tests", .integer(coverage.tests)),
      (
        "rules",
        .object([
          ("total", .integer(coverage.rules.count)), ("decided", .integer(coverage.decided)),
          ("undecided", .array(coverage.rules.filter { !$0.isDecided }.map(rule))),
        ])
      ),
      (
        "mutants",
        .object([
          ("total", .integer(coverage.mutants.count)), ("killed", .integer(coverage.killed)),
          ("survived", .integer(coverage.survived)), ("equivalent", .integer(coverage.equivalent)),
          ("undecided", .integer(coverage.undecided)), ("untried", .integer(coverage.untried)),
          (
            "score_percent",
            coverage.score.map { .integer(Int(($0 * 100).rounded(.down))) } ?? .null
          ),
          ("not_killed", .array(coverage.mutants.compactMap(mutant))),
        ])
      ),
    ])
  }

  private static func rule(_ rule: PolicyCoverage.Rule) -> JSONText {
    .object([
      ("owner", .string(rule.owner.rawValue)), ("id", .string(rule.id)),
      ("direction", .string(rule.direction == .ingress ? "ingress" : "egress")), ("text", .string(rule.text)),
    ])
  }

  /// What happened to a mutant that was not killed; nil for those that were.
  private static func mutant(_ mutant: PolicyCoverage.Mutant) -> JSONText? {
    let mutation = mutant.mutation
    var members: [(String, JSONText)] = [
      ("owner", .string(mutation.owner.rawValue)), ("rule", .string(mutation.rule)),
      ("direction", .string(mutation.direction == .ingress ? "ingress" : "egress")),
      ("mutation", .string(mutation.kind.rawValue)), ("text", .string(mutation.text)),
    ]
    if !mutation.result.isEmpty { members.append(("becomes", .string(mutation.result))) }
    switch mutant.fate {
    case .killed: return nil
    case .equivalent: members.append(("fate", .string("equivalent")))
    case .untried: members.append(("fate", .string("untried")))
    case .undecided(let reason): members += [("fate", .string("undecided")), ("reason", .string(reason))]
    case .survived(let witness):
      members += [
        ("fate", .string("survived")),
        (
          "witness",
          .object([
            ("from", .string(witness.claim.from.map(\.text).joined())),
            ("to", .string(witness.claim.to.map(\.text).joined())),
            ("traffic", .string(witness.claim.traffic.text)),
            (
              "from_port",
              witness.claim.sourcePorts == .everyPort
                ? .null : witness.claim.sourcePorts.first.map { .integer(Int($0)) } ?? .null
            ),
            ("ends", .string(witness.ends)),
            ("verdict", .string(witness.claim.expectation.rawValue)),
            ("mutant_verdict", .string("\(witness.mutantVerdict)")),
          ])
        ),
      ]
    }
    return .object(members)
  }
}
