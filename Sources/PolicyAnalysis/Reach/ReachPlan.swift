import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// A question's packets as boxes on which everything but rules is constant.
struct ReachPlan {
  private let question: ReachQuestion
  private let analyzer: ReachAnalyzer
  /// Pairs of ends that have no family in common which the question's services could use.
  private(set) var pairsWithoutFamily: [(source: ReachQuestion.End, destination: ReachQuestion.End)] = []
  private(set) var boxes: [PacketBox] = []
  /// Whether there are more boxes than the limit, and the rest was left out.
  private(set) var isCut = false
  /// What it took to look at ends, besides the boxes: about a microsecond each.
  private(set) var work = 0
  private let limit: Int

  var isEmpty: Bool { boxes.isEmpty && pairsWithoutFamily.isEmpty }

  /// - Parameters:
  ///   - limit: How many boxes are laid out.
  ///   - findsSilent: Whether ends are looked for that cannot write to each other.
  init(
    _ question: ReachQuestion, _ analyzer: ReachAnalyzer, limit: Int = .max, findsSilent: Bool = true
  ) {
    self.question = question
    self.analyzer = analyzer
    self.limit = limit
    for family in [IPFamily.v4, .v6] {
      let services = question.services(of: family)
      guard !services.isEmpty else { continue }
      let serviceKinds = analyzer.cuts.services.split(services)
      work += serviceKinds.count + (question.sources.count + question.destinations.count) / 4
      var known: [Bool: Destinations] = [:]
      for source in sources(family) where !isCut {
        let destinations = known[source.areOutside] ?? destinations(family, of: source)
        known[source.areOutside] = destinations
        add(source, destinations, serviceKinds)
      }
    }
    if findsSilent { findPairsWithoutFamily() }
  }

  // MARK: Ends

  /// Sources that send in the same manner.
  private struct Sources {
    var family: IPFamily
    var sender: PacketBox.Sender
    var addresses: IntervalSet
    /// Whether they are hosts of the internet, who write to public addresses.
    var areOutside = false
  }

  private func sources(_ family: IPFamily) -> [Sources] {
    var held: [ClosedRange<IntervalSet.Key>] = []
    var bare: [ClosedRange<IntervalSet.Key>] = []
    var result: [Sources] = []
    var isInternet = false
    for end in question.sources {
      switch end {
      case .internet: isInternet = true
      case .prefix(let prefix): if prefix.family == family { bare.append(prefix.keys) }
      case .interface(let position):
        for run in analyzer.privateRuns(position, family) {
          let address = IPAddress(family, key: run.lowerBound)
          if analyzer.filter.holders(of: address).count > 1 {
            result.append(
              Sources(
                family: family, sender: .interface(InterfaceIndex(position)), addresses: IntervalSet(run)))
          } else {
            held.append(run)
          }
        }
      }
    }
    let outside = analyzer.outside(family)
    let bareSet = within(question.sourcesWithin, family, IntervalSet(bare))
    result.append(Sources(family: family, sender: .holder, addresses: IntervalSet(held)))
    result.append(Sources(family: family, sender: .anybody, addresses: bareSet.subtracting(outside)))
    let far = bareSet.intersection(outside).union(isInternet ? analyzer.internet(family) : .empty)
    result.append(Sources(family: family, sender: .anybody, addresses: far, areOutside: true))
    for index in result.indices {
      result[index].addresses = within(question.sourcesWithin, family, result[index].addresses)
    }
    return result.filter { !$0.addresses.isEmpty }
  }

  private func within(_ addresses: AddressSet?, _ family: IPFamily, _ set: IntervalSet) -> IntervalSet {
    addresses.map { set.intersection($0[family]) } ?? set
  }

  /// Kinds of destinations, and those of them that hosts of the network have.
  private struct Destinations {
    var all: [IntervalSet]
    var held: [IntervalSet]
  }

  private mutating func destinations(_ family: IPFamily, of source: Sources) -> Destinations {
    let all = analyzer.cuts.destinations(family).split(addresses(family, of: source))
    work += all.count
    return Destinations(all: all, held: all.filter { isHeld(family, $0) })
  }

  private func addresses(_ family: IPFamily, of source: Sources) -> IntervalSet {
    var runs: [ClosedRange<IntervalSet.Key>] = []
    for end in question.destinations {
      switch end {
      case .internet: runs += analyzer.internet(family).runs
      case .prefix(let prefix): if prefix.family == family { runs.append(prefix.keys) }
      case .interface(let position):
        let faces = analyzer.publicRuns(position, family)
        if source.areOutside && !faces.isEmpty {
          runs += faces
        } else {
          runs += analyzer.privateRuns(position, family)
          if question.includesPublicAddresses { runs += faces }
        }
      }
    }
    return within(question.destinationsWithin, family, IntervalSet(runs))
  }

  // MARK: Boxes

  private mutating func add(
    _ source: Sources, _ destinations: Destinations, _ serviceKinds: [IntervalSet]
  ) {
    let kinds = analyzer.cuts.sources(source.family).split(source.addresses)
    work += kinds.count
    for sources in kinds {
      // Of packets between strangers nothing is asked.
      for destinations in isHeld(source.family, sources) ? destinations.all : destinations.held {
        for services in serviceKinds {
          guard boxes.count <= limit else {
            isCut = true
            return
          }
          boxes += split(
            PacketBox(
              family: source.family, sources: sources, destinations: destinations, services: services,
              sourcePorts: question.sourcePorts, sender: source.sender))
        }
      }
    }
  }

  private func isHeld(_ family: IPFamily, _ kind: IntervalSet) -> Bool {
    kind.first.map { !analyzer.filter.holders(of: IPAddress(family, key: $0)).isEmpty } ?? false
  }

  /// Between some addresses a few ports are special, as source or as destination.
  private func split(_ box: PacketBox) -> [PacketBox] {
    guard let source = box.sources.first, let destination = box.destinations.first,
      let service = box.services.first, ServiceKey(rawValue: UInt32(service)).ipProtocol.hasPorts
    else { return [box] }
    let noted = PacketFilter.notedPorts(
      from: IPAddress(box.family, key: source), to: IPAddress(box.family, key: destination))
    if noted.isEmpty { return [box] }
    let ipProtocol = ServiceKey(rawValue: UInt32(service)).ipProtocol
    var boxes: [PacketBox] = []
    for ports in Self.apart(box.sourcePorts, noted.map { IntervalSet.Key($0) }) {
      for services in Self.apart(
        box.services, noted.map { IntervalSet.Key(ServiceKey(ipProtocol, port: $0).rawValue) })
      {
        var part = box
        part.sourcePorts = ports
        part.services = services
        boxes.append(part)
      }
    }
    return boxes
  }

  /// A set with each of some keys taken out of it as a set of its own.
  private static func apart(_ set: IntervalSet, _ keys: [IntervalSet.Key]) -> [IntervalSet] {
    let single = keys.filter(set.contains)
    let rest = set.subtracting(IntervalSet(single.map { $0...$0 }))
    return single.map { IntervalSet($0) } + (rest.isEmpty ? [] : [rest])
  }

  // MARK: Ends that cannot write to each other

  private mutating func findPairsWithoutFamily() {
    let usable = Set([IPFamily.v4, .v6].filter { !question.services(of: $0).isEmpty })
    func byFamilies(_ ends: [ReachQuestion.End]) -> [(families: Set<IPFamily>, end: ReachQuestion.End)] {
      var seen: Set<Set<IPFamily>> = []
      var result: [(families: Set<IPFamily>, end: ReachQuestion.End)] = []
      for end in ends {
        let families = analyzer.families(of: end).intersection(usable)
        if seen.insert(families).inserted { result.append((families, end)) }
      }
      return result
    }
    for source in byFamilies(question.sources) {
      for destination in byFamilies(question.destinations)
      where source.families.isDisjoint(with: destination.families) {
        guard case .interface(let left) = source.end, case .interface(let right) = destination.end,
          left == right
        else {
          pairsWithoutFamily.append((source.end, destination.end))
          continue
        }
      }
    }
  }

  /// A denial for each kind of ends between which no packet can be sent.
  func silentRegions() -> [ReachRegion] {
    pairsWithoutFamily.compactMap { pair in
      guard let service = question.services.first else { return nil }
      let witness = TraceQuestion(
        from: analyzer.end(pair.source), to: analyzer.end(pair.destination),
        service: ServiceKey(rawValue: UInt32(service)), isRoundTrip: question.isRoundTrip)
      let header = PacketHeader(
        source: .v4(.zero), destination: .v4(.zero), service: witness.service)
      return ReachRegion(
        verdict: .deny,
        packets: PacketBox(
          family: .v4, sources: .empty, destinations: .empty, services: question.services,
          sourcePorts: question.sourcePorts, sender: .anybody),
        witness: witness, answer: TraceAnswer(withoutAddress: header), rules: [])
    }
  }
}
