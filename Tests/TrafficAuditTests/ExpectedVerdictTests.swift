import Filtering
import Foundation
import NetworkTypes
import TestSupport
import Testing

/// The bundled capture against what AWS would say to each of its conversations, written by hand.
@Suite struct ExpectedVerdictTests {
  /// A line of `three-tier.expected.tsv`.
  struct Row {
    var verdict: String
    var code: String
    var stage: String
    var decider: String
    var filter: String
    var conversation: String
  }

  static func rows() throws -> [Row] {
    let text = try String(
      contentsOfFile: Environment.fixture("captures/three-tier.expected.tsv"), encoding: .utf8)
    return text.split(separator: "\n").dropFirst().map { line in
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      return Row(
        verdict: fields[0], code: fields[1], stage: fields[2], decider: fields[3], filter: fields[4],
        conversation: fields[5])
    }
  }

  @Test func everyConversationGetsTheVerdictOfAWS() throws {
    let audit = try AuditedCapture()
    var covered: Set<Int> = []
    for row in try Self.rows() {
      let frames = try audit.frames(matching: row.filter)
      #expect(!frames.isEmpty, "\(row.conversation): no frames")
      for frame in frames {
        #expect(covered.insert(frame).inserted, "frame \(frame) is in two rows")
        let found = answer(to: frame, audit)
        let sentence = audit.filter.explain(
          audit.outcome(frame), for: PacketHeader(audit.packets[frame - 1]))
        let comment = Comment(rawValue: "frame \(frame), \(row.conversation): \(sentence)")
        #expect(Self.answers(to: row).contains(found), comment)
      }
    }
    #expect(covered.count == audit.packets.count)
  }

  /// What the engine may say of a row's packets.
  private static func answers(to row: Row) -> [String] {
    switch (row.verdict, row.conversation) {
    // Seen between an outside host and its own router: no packet of the network.
    case ("neighbour", _): ["exempt - - -", "unplaced - - -"]
    // The VPC router is never filtered; what a NAT gateway or the far end sends belongs to a tracked flow.
    case (_, "answers to the tracepath"): ["allow - - -", "exempt - - -"]
    default: [[row.verdict, row.code, row.stage, row.decider].joined(separator: " ")]
    }
  }

  private func answer(to frame: Int, _ audit: AuditedCapture) -> String {
    let outcome = audit.outcome(frame)
    let step = outcome.packetClass == .deny ? outcome.decisiveStep : nil
    return [
      "\(outcome.packetClass)", step?.code?.rawValue ?? "-", step.map { "\($0.stage)" } ?? "-",
      step.map { decider(of: $0, audit.filter) } ?? "-",
    ].joined(separator: " ")
  }

  /// `public 50`, `app`: an ACL's name with the entry's number, the groups' names of an interface.
  private func decider(of step: PathStep, _ filter: PacketFilter) -> String {
    if step.element == .networkACL, let rule = step.rule {
      let entry = filter.rules[rule]
      return "\(filter.name(of: entry.owner) ?? "") \(entry.id == "*" ? "32767" : entry.id)"
    }
    guard let interface = step.interface else { return "?" }
    return filter.name(of: filter.id(of: interface)).map { $0.split(separator: "-")[0].description } ?? "?"
  }
}
