import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

extension AuditReport {
  /// Sums up what an auditor counted; cost grows with outcomes and rules, not with packets.
  public init(_ auditor: Auditor, captures: [CaptureDescription] = [], warnings: [String] = []) {
    self.captures = captures
    self.warnings = warnings
    let filter = auditor.filter
    var ruleTallies = [Tally](repeating: Tally(), count: filter.rules.entries.count)
    var interfaceCounts: [InterfaceCounts] = []
    var stops: [DecodingStop: Int] = [:]
    var unknowns: [UnknownKey: Int] = [:]
    for (index, outcome) in auditor.tracker.outcomes.enumerated() {
      let tally = auditor.tallies[OutcomeID(rawValue: UInt32(index))]
      guard tally.packets > 0 else { continue }
      packets[outcome.packetClass] += tally.packets
      bytes[outcome.packetClass] += tally.bytes
      flows.total += tally.flows
      if outcome.packetClass == .allow || outcome.packetClass == .exempt { flows.allowed += tally.flows }
      if outcome.packetClass == .deny { flows.denied += tally.flows }
      if outcome.isLateSegment { lateSegments += tally.packets }
      if let stop = outcome.stop { stops[stop, default: 0] += tally.packets }
      if outcome.packetClass == .unknown, let step = outcome.decisiveStep {
        unknowns[UnknownKey(step: step), default: 0] += tally.packets
      }
      for (index, step) in outcome.steps.enumerated() {
        guard let rule = step.rule, !outcome.steps[..<index].contains(where: { $0.rule == rule }) else {
          continue
        }
        ruleTallies[rule.int].add(tally)
      }
      Self.count(outcome, tally, in: &interfaceCounts)
    }
    denials = Self.denials(auditor)
    interfaces = interfaceCounts.enumerated().compactMap { index, counts in
      guard counts.isPassed else { return nil }
      let id = filter.id(of: InterfaceIndex(index))
      return InterfaceUse(
        id: id, name: filter.name(of: id), place: filter.place(of: InterfaceIndex(index)),
        ingress: counts.ingress, egress: counts.egress)
    }
    rules = filter.rules.inReportOrder.map { index in
      let entry = filter.rules[index]
      return RuleUse(
        owner: entry.owner, ownerName: filter.name(of: entry.owner), id: entry.id, direction: entry.direction,
        text: entry.text, shortText: Self.shortText(of: entry, filter),
        tally: ruleTallies[index.int], wasRemoved: filter.rules.removed.contains(index))
    }
    undecoded = stops.map { Undecoded(stop: $0.key, packets: $0.value) }
      .sorted { ($1.packets, $0.text) < ($0.packets, $1.text) }
    self.unknowns = unknowns.map { key, count in
      Unknown(
        interface: key.step.interface.map { filter.id(of: $0) },
        interfaceName: key.step.interface.flatMap { filter.name(of: filter.id(of: $0)) },
        explanation: filter.explain(unknown: key.step), packets: count)
    }.sorted { ($1.packets, $0.sortKey) < ($0.packets, $1.sortKey) }
    duplicates = auditor.tallies.duplicates
    if lateSegments > 0 {
      self.warnings.append(
        "\(lateSegments) denied packets are segments that came after their connection was closed: AWS rejects them whatever "
          + "the rules are, and --fail-on denied does not count them")
    }
    self.warnings += Self.limitWarnings(auditor)
  }

  /// A rule's text ends with its peer: a group's or prefix list's id gives way to the name.
  private static func shortText(of entry: RuleCatalogue.Entry, _ filter: PacketFilter) -> String {
    guard let space = entry.text.utf8.lastIndex(of: UInt8(ascii: " ")),
      case let peer = entry.text[entry.text.utf8.index(after: space)...],
      peer.utf8.starts(with: "sg-".utf8) || peer.utf8.starts(with: "pl-".utf8),
      let name = filter.name(of: ResourceID(String(peer)))
    else { return entry.text }
    let text = (peer.hasPrefix("sg-") ? Peer.group(name) : Peer.prefixList(name)).description
    return entry.text[...space] + text
  }

  private struct UnknownKey: Hashable {
    var step: PathStep
  }

  private static func limitWarnings(_ auditor: Auditor) -> [String] {
    var warnings: [String] = []
    if auditor.tallies.mirrored > 0 {
      warnings.append(
        "\(auditor.tallies.mirrored) packets came in tunnels (VXLAN, GENEVE) and were taken for mirrored ones: what an "
          + "interface's groups or ACL stop on the way in is never mirrored, so few or no inbound denials prove nothing; flow "
          + "logs have them. Where hosts have tunnels of their own, --decapsulate never judges the packets around"
      )
    }
    if auditor.tracker.untrackedForLackOfRoom > 0 {
      warnings.append(
        "the connection table was full: \(auditor.tracker.untrackedForLackOfRoom) packets began flows that could "
          + "not be remembered; their replies were judged as new")
    }
    if auditor.tallies.foldedDenials > 0 {
      warnings.append(
        "more than \(Tallies.denialGroupLimit) groups of denials: further ones are not told apart by remote and "
          + "port")
    }
    return warnings
  }

  /// What one interface counted.
  private struct InterfaceCounts {
    var ingress = InterfaceUse.Counts()
    var egress = InterfaceUse.Counts()
    var isPassed = false
  }

  /// Counts the interfaces that an outcome's packets passed, each once a direction.
  private static func count(_ outcome: PathOutcome, _ tally: Tally, in uses: inout [InterfaceCounts]) {
    guard outcome.packetClass == .allow || outcome.packetClass == .deny else { return }
    let decisive = outcome.packetClass == .deny ? outcome.decisiveStep : nil
    for (index, step) in outcome.steps.enumerated() {
      guard let interface = step.interface else { continue }
      func isPassage(_ other: PathStep) -> Bool {
        other.interface == interface && other.direction == step.direction
      }
      guard !outcome.steps[..<index].contains(where: isPassage) else { continue }
      let place = Int(interface.rawValue)
      while uses.count <= place { uses.append(InterfaceCounts()) }
      uses[place].isPassed = true
      let isDenied = decisive.map(isPassage) ?? false
      let denied = isDenied ? tally.packets : 0
      if step.direction == .ingress {
        uses[place].ingress.denied += denied
        uses[place].ingress.allowed += tally.packets - denied
      } else {
        uses[place].egress.denied += denied
        uses[place].egress.allowed += tally.packets - denied
      }
    }
  }

  // MARK: Denials

  /// Groups of denials that the report shows, equal ones of different paths merged.
  private static func denials(_ auditor: Auditor) -> [Denial] {
    var merged: [GroupKey: (denial: Denial, only: IPAddress?)] = [:]
    for (key, counted) in auditor.tallies.denials {
      let outcome = auditor.tracker[key.outcome]
      guard let step = outcome.decisiveStep, let code = step.code else { continue }
      let group = GroupKey(step: step, key: key)
      if var known = merged[group] {
        known.denial.tally.add(counted.tally)
        if known.only != counted.onlyRemote { known.only = nil }
        if counted.firstFrame < known.denial.firstFrame {
          known.denial.firstFrame = counted.firstFrame
          known.denial.explanation =
            counted.explanation ?? auditor.filter.explain(outcome, for: counted.example)
        }
        merged[group] = known
        continue
      }
      let interface = step.interface.map { auditor.filter.id(of: $0) }
      let hasPort = key.ipProtocol.hasPorts && counted.example.hasTransport
      let kind = ICMPKind(type: UInt8(key.port >> 8), code: UInt8(truncatingIfNeeded: key.port))
      merged[group] = (
        Denial(
          code: code, stage: step.stage, interface: interface,
          interfaceName: interface.flatMap { auditor.filter.name(of: $0) }, direction: step.direction,
          remote: key.remote, ipProtocol: key.ipProtocol, port: hasPort ? key.port : nil,
          icmp: key.ipProtocol.hasICMPKind && counted.example.hasTransport ? kind : nil, tally: counted.tally,
          firstFrame: counted.firstFrame,
          explanation: counted.explanation ?? auditor.filter.explain(outcome, for: counted.example),
          decider: auditor.filter.decider(of: step)),
        counted.onlyRemote
      )
    }
    return merged.values.map { entry in
      var denial = entry.denial
      if let only = entry.only, !denial.remote.isEverything { denial.remote = IPPrefix(host: only) }
      return denial
    }.sorted {
      if $0.tally.packets != $1.tally.packets { return $0.tally.packets > $1.tally.packets }
      if $0.firstFrame != $1.firstFrame { return $0.firstFrame < $1.firstFrame }
      return $0.code.rawValue < $1.code.rawValue
    }
  }

  private struct GroupKey: Hashable {
    var code: ReachabilityCode?
    var stage: EvaluationStage
    var element: PathStep.Element
    var interface: InterfaceIndex?
    var direction: Direction
    var remote: IPPrefix
    var ipProtocol: IPProtocol
    var port: UInt16

    init(step: PathStep, key: Tallies.DenialKey) {
      code = step.code
      stage = step.stage
      element = step.element
      interface = step.interface
      direction = step.direction
      remote = key.remote
      ipProtocol = key.ipProtocol
      port = key.port
    }
  }
}

extension AuditReport.Undecoded {
  fileprivate var text: String { "\(stop.layer) \(stop)" }
}

extension AuditReport.Unknown {
  fileprivate var sortKey: String { "\(interface?.rawValue ?? "") \(explanation)" }
}
