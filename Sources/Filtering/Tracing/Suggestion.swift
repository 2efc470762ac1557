import NetworkTypes
import RuleMatching
import VirtualNetworks

/// The smallest change that takes away one blocker.
public struct Suggestion: Sendable, Hashable {
  public enum Change: Sendable, Hashable {
    case groupRule(ResourceID, Direction, Match)
    case aclEntry(ResourceID, Direction, NetworkACLEntry)
    case route(ResourceID, Route)
    /// Something other than a rule: an address to associate, an instance to start.
    case other
  }

  public var change: Change
  /// `add to sg-1 (db) inbound: tcp 5432 from 10.0.0.10/32`
  public var text: String
}

/// What would open a blocked question.
public struct Remedy: Sendable, Hashable {
  /// In the order of the blockers, each once.
  public var suggestions: [Suggestion] = []
  /// Whether the suggestions take away every blocker and nothing new can come to light behind them.
  public var isComplete = true
}

extension PacketFilter {
  /// What would open a question that was denied: only what is certain, never a guess.
  ///
  /// Where a blocker hides what lies behind it (a missing route through a gateway that translates, say), what follows
  /// it is left out and the remedy is not complete.
  public func remedy(for answer: TraceAnswer, to question: TraceQuestion) -> Remedy {
    guard answer.verdict == .deny else { return Remedy() }
    var finder = RemedyFinder(self, answer, question)
    for way in [TraceStep.Way.request, .reply] {
      for traced in answer.steps where traced.way == way && traced.step.action == .deny {
        guard finder.add(traced) else {
          finder.remedy.isComplete = false
          return finder.remedy
        }
      }
    }
    // What is not known may yet stop it.
    if !answer.unknowns.isEmpty { finder.remedy.isComplete = false }
    if question.isRoundTrip && !answer.steps.contains(where: { $0.way == .reply }) {
      finder.remedy.isComplete = false
    }
    return finder.remedy
  }
}
