import Filtering
import NetworkTypes
import PolicyAnalysis

/// Where a packet is looked for that a mutant judges otherwise.
struct SearchPlace {
  var question: ReachQuestion
  /// The position of the scope that it is part of.
  var scope: Int

  func within(_ bounds: PacketBounds) -> SearchPlace {
    var place = self
    place.question = question.within(sources: bounds.sources, destinations: bounds.destinations)
    place.question.services = question.services.intersection(bounds.services)
    place.question.sourcePorts = question.sourcePorts.intersection(bounds.sourcePorts)
    return place
  }
}

/// What encloses some boxes of packets.
struct PacketBounds {
  private var v4 = Sides()
  private var v6 = Sides()
  private var serviceKinds: Set<IntervalSet> = []
  private var portKinds: Set<IntervalSet> = []

  private struct Sides {
    var sources: Set<IntervalSet> = []
    var destinations: Set<IntervalSet> = []
  }

  var isEmpty: Bool { serviceKinds.isEmpty }

  mutating func add(_ box: PacketBox) {
    let side = box.family == .v4 ? \PacketBounds.v4 : \.v6
    self[keyPath: side].sources.insert(box.sources)
    self[keyPath: side].destinations.insert(box.destinations)
    serviceKinds.insert(box.services)
    portKinds.insert(box.sourcePorts)
  }

  var sources: AddressSet { AddressSet(v4: Self.union(v4.sources), v6: Self.union(v6.sources)) }
  var destinations: AddressSet {
    AddressSet(v4: Self.union(v4.destinations), v6: Self.union(v6.destinations))
  }
  var services: IntervalSet { Self.union(serviceKinds) }
  var sourcePorts: IntervalSet { Self.union(portKinds) }

  private static func union(_ sets: Set<IntervalSet>) -> IntervalSet { IntervalSet(sets.flatMap(\.runs)) }
}

extension ReachQuestion {
  /// Those of the packets that are between some addresses.
  func within(sources: AddressSet, destinations: AddressSet) -> ReachQuestion {
    var question = self
    question.sourcesWithin = sourcesWithin?.intersection(sources) ?? sources
    question.destinationsWithin = destinationsWithin?.intersection(destinations) ?? destinations
    return question
  }
}

/// What the packets that nothing else stops never ask some lists, as far as it was found.
struct UnmetRegions {
  private var regions: [RuleTest.List: [PolicyRegion]] = [:]

  private static let limit = 512

  func count(for list: RuleTest.List) -> Int { regions[list]?.count ?? 0 }

  func contains(_ region: PolicyRegion, for list: RuleTest.List) -> Bool {
    regions[list]?.contains {
      $0.family == region.family && region.services.isSubset(of: $0.services)
        && region.remotes.isSubset(of: $0.remotes)
    } ?? false
  }

  /// Adds parts of differences that no packet met; of those that are about some packets only nothing follows for others.
  mutating func insert(_ parts: [(list: RuleTest.List, part: PolicyDifference.Part)]) {
    for (list, part) in parts where part.onlyWithReferences == nil && !part.isForNobodys {
      if count(for: list) < Self.limit { regions[list, default: []].append(part.region) }
    }
  }
}
