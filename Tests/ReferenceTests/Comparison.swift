import NetworkTypes
import TestSupport
import VirtualNetworks

@testable import Filtering

/// Judges the same packets by the engine and by the reference.
struct Comparison {
  /// One packet of which the two say different things.
  struct Disagreement: Hashable {
    var engine: ReferenceAnswer
    var reference: ReferenceAnswer
  }

  let network: VirtualNetwork
  let timers: IdleTimers
  private let filter: PacketFilter

  init(network: VirtualNetwork, timers: IdleTimers = .nitro) {
    self.network = network
    self.timers = timers
    filter = PacketFilter(network, midstream: .strict)
  }

  /// The first packet on which the two differ.
  func firstDisagreement(_ sent: [Sent]) -> Disagreement? { run(sent).disagreement }

  /// The reference's answers up to the first packet on which the two differ.
  func run(_ sent: [Sent]) -> (answers: [ReferenceAnswer], disagreement: Disagreement?) {
    // Half of the conversations are dealt to several shards, and judged from memory as soon as may be.
    let isEven = sent.count % 2 == 0
    var tracker = ConnectionTracker(timers: timers, shards: isEven ? 5 : 1)
    for shard in tracker.shards.indices { tracker.shards[shard].memory.memo.patience = isEven ? 0 : nil }
    var reference = ReferenceEvaluator(network, timers: timers)
    var answers: [ReferenceAnswer] = []
    for sent in sent {
      let verdict = filter.evaluate(sent.packet, quoting: sent.quote, tracking: &tracker)
      var engine = ReferenceAnswer(packetClass: verdict.packetClass, state: verdict.state)
      if verdict.packetClass == .deny, let step = tracker[verdict.outcome].decisiveStep {
        engine.stage = step.stage
        engine.code = step.code
      }
      var expected = reference.judge(sent.packet, quoting: sent.quote)
      if expected.packetClass != .deny {
        expected.stage = nil
        expected.code = nil
      }
      answers.append(expected)
      if !expected.isOpen && Self.essence(engine) != Self.essence(expected) {
        return (answers, Disagreement(engine: engine, reference: expected))
      }
    }
    return (answers, nil)
  }

  /// An answer without what the semantics leave open: whether a denied packet would have been tracked, and at which
  /// of two interfaces a closed connection is refused.
  private static func essence(_ answer: ReferenceAnswer) -> ReferenceAnswer {
    var answer = answer
    guard answer.packetClass == .deny else { return answer }
    if answer.state == .untracked || answer.stage == .placement { answer.state = .new }
    if answer.state == .none {
      answer.stage = nil
      answer.code = nil
    }
    return answer
  }

  // MARK: Shrinking

  /// Drops packets, then parts of the network, as long as the two still differ in the same way.
  func shrunk(_ sent: [Sent]) -> (Comparison, [Sent]) {
    var sent = sent
    var network = network
    let (answers, kind) = run(sent)
    sent = Array(sent[..<answers.count])
    sent = Self.smaller(sent) { firstDisagreement($0) == kind }
    func differs(_ network: VirtualNetwork) -> Bool {
      Comparison(network: network, timers: timers).firstDisagreement(sent) == kind
    }
    func drop<Element>(_ part: WritableKeyPath<VirtualNetwork, [Element]>) {
      network[keyPath: part] = Self.smaller(network[keyPath: part]) { elements in
        var smaller = network
        smaller[keyPath: part] = elements
        return differs(smaller)
      }
    }
    for index in network.routeTables.indices { drop(\.routeTables[index].routes) }
    for index in network.securityGroups.indices {
      drop(\.securityGroups[index].inbound)
      drop(\.securityGroups[index].outbound)
    }
    for index in network.networkACLs.indices {
      drop(\.networkACLs[index].inbound)
      drop(\.networkACLs[index].outbound)
    }
    for index in network.networkInterfaces.indices {
      drop(\.networkInterfaces[index].ipv4Addresses)
      drop(\.networkInterfaces[index].delegatedPrefixes)
    }
    drop(\.natGateways)
    drop(\.peeringConnections)
    drop(\.internetGateways)
    drop(\.egressOnlyGateways)
    drop(\.instances)
    drop(\.networkInterfaces)
    drop(\.networkACLs)
    drop(\.routeTables)
    drop(\.prefixLists)
    drop(\.securityGroups)
    return (Comparison(network: network, timers: timers), sent)
  }

  private static func smaller<Element>(_ elements: [Element], _ stillFails: ([Element]) -> Bool) -> [Element]
  {
    var elements = elements
    var index = elements.count - 1
    while index >= 0 {
      var fewer = elements
      fewer.remove(at: index)
      if stillFails(fewer) { elements = fewer }
      index -= 1
    }
    return elements
  }

  /// The whole story of a disagreement, as text.
  func report(_ sent: [Sent]) -> String {
    var lines = [NetworkText.lines(network)]
    for sent in sent {
      lines.append("  " + NetworkText.line(sent))
    }
    if let last = firstDisagreement(sent) {
      lines += ["  engine    \(last.engine)", "  reference \(last.reference)"]
    }
    return lines.joined(separator: "\n")
  }
}
