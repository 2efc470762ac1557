import Filtering
import NetworkTypes
import PolicyAnalysis
import RuleMatching

/// The packets whose verdict hangs on one list of rules: with all of it open they fare otherwise than with all of it
/// closed. Of rules that only allow, or whose first match decides, no others can tell a mutant from the original.
struct DecidingPackets {
  /// Packets that the list is asked about in one manner, and with them nothing but the list's own rules decides.
  private struct Part {
    var packets: PacketBox
    var question: ReachQuestion
    /// Where the packet has the remote address that the list is asked about; nil if that is another, or several.
    var remotes: WritableKeyPath<PacketBox, IntervalSet>?
    /// Where the packet has the service that the list is asked about.
    var services: WritableKeyPath<PacketBox, IntervalSet>?
    var ipProtocol: IPProtocol
    var isUsual: Bool
  }

  private var parts: [Part] = []
  /// Kinds of packets that were looked at.
  private(set) var kindCount = 0
  /// Whether there were more kinds than the limit, and some were left out.
  private(set) var isCut = false

  /// - Parameters:
  ///   - open, closed: The network with the lists open and closed.
  ///   - questions: The packets that may come past the lists.
  ///   - limit: How many kinds of packets are looked at.
  init(
    open: ReachAnalyzer, closed: ReachContrast, lists: Set<RuleTest.List>, questions: [ReachQuestion],
    limit: Int
  ) {
    for question in questions {
      do throws(ReachError) {
        kindCount += try open.visitContrasts(
          to: closed, in: question, limit: limit - kindCount, boxLimit: limit
        ) { region, _ in
          parts.append(Self.part(region, open, lists, question))
          return true
        }
      } catch {
        isCut = true
        kindCount = limit
      }
    }
    // Those that people meet first.
    parts = parts.filter(\.isUsual) + parts.filter { !$0.isUsual }
  }

  private static func part(
    _ region: ReachRegion, _ analyzer: ReachAnalyzer, _ lists: Set<RuleTest.List>, _ question: ReachQuestion
  ) -> Part {
    let witness = region.witness
    var part = Part(
      packets: region.packets, question: question, ipProtocol: witness.service.ipProtocol,
      isUsual: isUsual(witness))
    let tests = analyzer.filter.ruleTests(of: region.answer).filter { lists.contains($0.list) }
    guard tests.count == 1, let test = tests.first else { return part }
    if case .address(test.remote) = witness.from { part.remotes = \.sources }
    if case .address(test.remote) = witness.to { part.remotes = \.destinations }
    if case .several = test.outcome {
      // The rules are asked about the same services whatever the packet's.
    } else if test.way == .reply && part.ipProtocol.hasPorts {
      part.services = \.sourcePorts
    } else if test.service == witness.service {
      part.services = \.services
    }
    return part
  }

  /// Whether such packets are met every day: no special addresses, no odd protocols.
  private static func isUsual(_ question: TraceQuestion) -> Bool {
    guard case .address(let source) = question.from, case .address(let destination) = question.to else {
      return false
    }
    let icmp = source.family == .v4 ? IPProtocol.icmp : .icmpv6
    guard question.service.ipProtocol.hasPorts || question.service.ipProtocol == icmp else { return false }
    return !ReachRegion.isUnusual(source) && !ReachRegion.isUnusual(destination)
  }

  /// Those of the packets that a mutant may judge otherwise, with the question that they belong to.
  func packets(in regions: [PolicyRegion]) -> some Sequence<(box: PacketBox, question: ReachQuestion)> {
    parts.lazy.flatMap { part in
      regions.lazy.compactMap { region in Self.narrow(part, to: region).map { ($0, part.question) } }
    }
  }

  private static func narrow(_ part: Part, to region: PolicyRegion) -> PacketBox? {
    var box = part.packets
    if let remotes = part.remotes {
      guard box.family == region.family else { return nil }
      box[keyPath: remotes] = box[keyPath: remotes].intersection(region.remotes)
      if box[keyPath: remotes].isEmpty { return nil }
    }
    if let services = part.services {
      let meant = services == \.services ? region.services : region.services.ports(of: part.ipProtocol)
      box[keyPath: services] = box[keyPath: services].intersection(meant)
      if box[keyPath: services].isEmpty { return nil }
    }
    return box
  }
}

extension IntervalSet {
  /// The ports of some protocol that are in a set of services.
  func ports(of ipProtocol: IPProtocol) -> IntervalSet {
    let all = ServiceKey.all(of: ipProtocol).keys
    let own = intersection(IntervalSet(all))
    return IntervalSet(own.runs.map { $0.lowerBound - all.lowerBound...$0.upperBound - all.lowerBound })
  }
}
