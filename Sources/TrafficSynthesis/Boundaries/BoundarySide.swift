import Filtering
import NetworkTypes
import PolicyAnalysis
import RuleMatching
import VirtualNetworks

/// The rules of one group or ACL in one direction, and the lists that hold them.
struct BoundarySide {
  var owner: ResourceID
  var direction: Direction
  /// Where packets meet the rules: a group's are in one list for each set of groups that it is in.
  var lists: [RuleTest.List: RuleReading]
  var mutants: MutantList
  /// The changes that let everything pass, and nothing.
  var extremes: (open: [NetworkChange], closed: [NetworkChange])
  private var positions: [RuleTest.List: [String: Int]] = [:]
  /// What it took to read the lists, in steps of about a microsecond.
  private(set) var work = 0

  init(
    owner: ResourceID, direction: Direction, lists: Set<RuleTest.List>, mutants: MutantList,
    extremes: (open: [NetworkChange], closed: [NetworkChange]), _ filter: PacketFilter,
    isReference: (String) -> Bool
  ) {
    self.owner = owner
    self.direction = direction
    self.mutants = mutants
    self.extremes = extremes
    self.lists = [:]
    for list in lists {
      let tested = filter.rules(of: list)
      self.lists[list] = RuleReading(tested) { index in
        let entry = filter.rules[index]
        return entry.peer.map { isReference($0.rawValue) } ?? false
      }
      work += tested.rules.reduce(4) { $0 + 1 + $1.prefixes.count / 2 }
      for (position, index) in tested.indices.enumerated() where filter.rules[index].owner == owner {
        positions[list, default: [:]][filter.rules[index].id] = position
      }
    }
  }

  /// Whether answers may come past the lists to those who track a request that was denied further on: the groups of these let
  /// them in unasked.
  var mayMeetAnswersToDenied: Bool { direction == .egress || lists.keys.contains(where: \.isACL) }

  /// The lists as a mutant has them, with what they answer otherwise; `isCut` if that would take more than a limit of work.
  func lists(
    of mutant: PolicyMutant, limit: Int = .max
  ) -> (
    readings: [RuleTest.List: RuleReading], differences: [RuleTest.List: PolicyDifference], work: Int,
    isCut: Bool
  ) {
    var readings: [RuleTest.List: RuleReading] = [:]
    var differences: [RuleTest.List: PolicyDifference] = [:]
    var work = 0
    var isCut = false
    for (list, before) in lists.sorted(by: { $0.key < $1.key }) where work <= limit {
      var after = before
      var changed: [Int] = []
      for edit in mutant.edits {
        guard let position = positions[list]?[edit.id] else { continue }
        after = after.replacing(position, by: edit.rule, allows: edit.allows, keepsBlocks: edit.keepsBlocks)
        changed.append(position)
      }
      let difference = PolicyDifference(before, after, at: changed, limit: limit - work)
      work += 4 + before.lines.count / 32 + difference.work
      isCut = isCut || difference.isCut
      readings[list] = after
      if !difference.parts.isEmpty { differences[list] = difference }
    }
    return (readings, differences, work, isCut || readings.count < lists.count)
  }
}

extension PolicyDifference {
  /// What a walk over packets must tell apart to find such as the two lists judge otherwise.
  var marks: [ReachMark] { parts.flatMap(\.marks) }
}

extension PolicyDifference.Part {
  var marks: [ReachMark] {
    region.services.runs.map {
      ReachMark(
        AddressSet(region.family, region.remotes), $0, onlyWithReferences: onlyWithReferences,
        isForNobodys: isForNobodys)
    }
  }
}
