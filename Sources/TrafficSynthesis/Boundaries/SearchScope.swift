import Filtering
import NetworkTypes
import PolicyAnalysis
import RuleMatching
import VirtualNetworks

/// What packets may look like before gateways translate them, so that a search for packets that some list sees need not look
/// at all others.
struct AddressImages: Sendable {
  private let pairs: [(own: IntervalSet.Key, face: IntervalSet.Key)]
  private let gateways: IntervalSet
  private let hasGateways: Bool

  init(_ network: VirtualNetwork) {
    pairs = network.networkInterfaces.flatMap(\.ipv4Addresses).compactMap { own in
      own.publicAddress.map { (IPAddress.v4(own.address).key, IPAddress.v4($0).key) }
    }
    let doors = Set(network.natGateways.flatMap { $0.addresses.compactMap(\.networkInterface) })
    let held = network.networkInterfaces.filter { $0.kind == .natGateway || doors.contains($0.id) }
      .flatMap(\.ipv4Addresses)
    let told = network.natGateways.flatMap(\.addresses)
    let addresses =
      held.map(\.address) + held.compactMap(\.publicAddress) + told.compactMap(\.privateAddress)
      + told.compactMap(\.publicAddress)
    gateways = IntervalSet(addresses.map { IPAddress.v4($0).key }.map { $0...$0 })
    hasGateways = !network.natGateways.isEmpty
  }

  /// The sources of packets that a list may see with some of these sources.
  func sources(seenAs addresses: AddressSet) -> AddressSet {
    if !addresses.v4.isDisjoint(with: gateways) { return .everything }
    return withImages(addresses)
  }

  /// The destinations of packets that a list may see with some of these destinations.
  func destinations(seenAs addresses: AddressSet) -> AddressSet {
    var all = withImages(addresses)
    if hasGateways { all.v6 = all.v6.union(PacketFilter.embedding(all.v4)) }
    return all
  }

  private func withImages(_ addresses: AddressSet) -> AddressSet {
    var all = addresses
    var keys: [IntervalSet.Key] = []
    for (own, face) in pairs {
      if addresses.v4.contains(own) { keys.append(face) }
      if addresses.v4.contains(face) { keys.append(own) }
    }
    if !keys.isEmpty { all.v4 = all.v4.union(IntervalSet(keys.map { $0...$0 })) }
    return all
  }

  /// The services that packets may have which a list sees with some of these: ICMP may have been ICMPv6.
  func services(seenAs services: IntervalSet) -> IntervalSet {
    hasGateways && !services.isDisjoint(with: Self.echo) ? services.union(Self.echoV6) : services
  }

  /// Some services, and what gateways make of them.
  func services(alike services: IntervalSet) -> IntervalSet {
    let all = self.services(seenAs: services)
    return hasGateways && !all.isDisjoint(with: Self.echoV6) ? all.union(Self.echo) : all
  }

  private static let echo = IntervalSet(ServiceKey.all(of: .icmp).keys)
  private static let echoV6 = IntervalSet(ServiceKey.all(of: .icmpv6).keys)
}

/// Packets among which one is looked for that a mutant judges otherwise.
struct SearchScope {
  /// What lists answer otherwise.
  let parts: [(list: RuleTest.List, part: PolicyDifference.Part)]
  /// The remote addresses and services that the lists are asked about.
  let remotes: AddressSet
  let services: IntervalSet
  /// What tells the packets that the lists are asked about.
  let marks: [RuleTest.List: [ReachMark]]

  /// Parts of a mutant's difference that are looked at one by one; the others together.
  private static let limit = 8

  /// The scopes that hold those parts of a mutant's differences which are wanted.
  static func scopes(
    of differences: [RuleTest.List: PolicyDifference],
    where isWanted: (RuleTest.List, PolicyDifference.Part) -> Bool
  ) -> [SearchScope] {
    let parts = differences.sorted { $0.key < $1.key }.flatMap { list, difference in
      difference.parts.filter { isWanted(list, $0) }.map { (list: list, part: $0) }
    }
    let others = parts.dropFirst(limit)
    return parts.prefix(limit).map { SearchScope([$0]) }
      + (others.isEmpty ? [] : [SearchScope(Array(others))])
  }

  private init(_ parts: [(list: RuleTest.List, part: PolicyDifference.Part)]) {
    self.parts = parts
    func remotes(_ family: IPFamily) -> IntervalSet {
      IntervalSet(parts.filter { $0.part.region.family == family }.flatMap(\.part.region.remotes.runs))
    }
    self.remotes = AddressSet(v4: remotes(.v4), v6: remotes(.v6))
    services = IntervalSet(parts.flatMap(\.part.region.services.runs))
    marks = parts.reduce(into: [:]) { marks, part in marks[part.list, default: []] += part.part.marks }
  }

  /// The questions whose packets may come past a list so.
  ///
  /// - Parameters:
  ///   - passing: Everything that comes past the list.
  ///   - direction: The list's.
  ///   - mayMeetAnswersToDenied: Whether answers may come past it to those who track a request that was denied further on.
  func questions(
    _ passing: PolicyQuestions.Passing, _ direction: Direction, _ images: AddressImages,
    mayMeetAnswersToDenied: Bool
  ) -> [ReachQuestion] {
    var questions: [ReachQuestion] = []
    if var requests = passing.requests {
      requests.isRoundTrip = false
      requests.includesStrayICMP = true
      requests.services = images.services(seenAs: services)
      limit(&requests, bySource: direction == .ingress, images)
      questions.append(requests)
      if mayMeetAnswersToDenied {
        requests.isOfAnswersToDenied = true
        questions.append(requests)
      }
    }
    if var answered = passing.answered {
      answered.includesStrayICMP = true
      questions += answers(answered, bySource: direction == .egress, images)
    }
    if mayMeetAnswersToDenied, direction == .egress, passing.answered == nil, var late = passing.requests {
      // Whoever is let out by the group has the answer let in.
      swap(&late.sources, &late.destinations)
      late.includesStrayICMP = true
      questions += answers(late, bySource: true, images).map {
        var question = $0
        question.isRoundTrip = false
        question.isOfAnswersToDenied = true
        return question
      }
    }
    return questions.filter { !$0.services.isEmpty }
  }

  /// Those of a question's packets whose answers have the services: what those are asked about is where they come from, and
  /// the port that the request came from.
  private func answers(_ answered: ReachQuestion, bySource: Bool, _ images: AddressImages) -> [ReachQuestion]
  {
    var questions: [ReachQuestion] = []
    func add(_ services: IntervalSet, ports: IntervalSet, isAnswered: Bool?) {
      if services.isEmpty { return }
      var question = answered
      question.services = services
      question.sourcePorts = ports
      question.isRoundTrip = isAnswered
      limit(&question, bySource: bySource, images)
      questions.append(question)
    }
    for ipProtocol in [IPProtocol.tcp, .udp] {
      let ports = services.ports(of: ipProtocol)
      if !ports.isEmpty {
        add(IntervalSet(ServiceKey.all(of: ipProtocol).keys), ports: ports, isAnswered: nil)
      }
    }
    let messages = images.services(seenAs: services.intersection(Self.messages))
    add(messages.isEmpty ? .empty : Self.messages, ports: .everyPort, isAnswered: nil)
    // Of other protocols answers are not usual, but there may be some.
    add(services.subtracting(Self.usualServices), ports: .everyPort, isAnswered: true)
    return questions
  }

  private func limit(_ question: inout ReachQuestion, bySource: Bool, _ images: AddressImages) {
    if bySource {
      question.sourcesWithin = images.sources(seenAs: remotes)
    } else {
      question.destinationsWithin = images.destinations(seenAs: remotes)
    }
  }

  /// Those of a question's packets that people meet; nil if there are none.
  static func usual(_ question: ReachQuestion) -> ReachQuestion? {
    var usual = question
    usual.services = question.services.intersection(usualServices)
    return usual.services.isEmpty
      ? nil : usual.within(sources: ReachRegion.usualAddresses, destinations: ReachRegion.usualAddresses)
  }

  private static let messages = IntervalSet([
    ServiceKey.all(of: .icmp).keys, ServiceKey.all(of: .icmpv6).keys,
  ])
  private static let usualServices = messages.union(
    IntervalSet([ServiceKey.all(of: .tcp).keys, ServiceKey.all(of: .udp).keys]))
}
