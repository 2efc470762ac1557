import Filtering
import NetworkTypes
import PrefixTables
import RuleMatching
import TrafficAudit
import VirtualNetworks
import WireFormat

/// Measures each stage of an audit alone and the whole, on given or synthetic networks and packets.
///
/// Nothing is reported unless all matchers gave the same answer to every packet measured.
public struct Benchmark {
  /// How often each stage runs; each part of it counts with the middle one of its times.
  public var rounds: Int
  public var seed: UInt64
  let timer = StageTimer()
  /// Keeps results from being optimised away.
  private var sum = 0

  public init(rounds: Int = 5, seed: UInt64 = 1) {
    self.rounds = rounds
    self.seed = seed
  }

  // MARK: Rules

  /// Every matcher on a synthetic list of `count` rules and on `packets` packets that often meet them.
  public mutating func matchers(rules count: Int, packets: Int) throws -> [StageMeasurement] {
    var maker = SyntheticRules(seed: seed)
    let rules = maker.rules(count)
    let keys = maker.keys(packets, for: rules)
    return try matchers(rules, keys)
  }

  /// Every matcher on given rules and packets.
  public mutating func matchers(_ rules: [ResolvedRule], _ keys: RuleKeys) throws -> [StageMeasurement] {
    var compiled = CompiledRules(rules)
    let linear = LinearRules(rules)
    let buildTime = timer.middle(of: 5) { compiled = CompiledRules(rules) }
    let answers = try agreedAnswers(linear, compiled, rules, keys)
    var result: [StageMeasurement] = []

    // A linear scan of many rules takes long enough to be measured on fewer packets.
    let scanned = min(keys.v4.count, max(256, 4_000_000 / max(1, rules.count)))
    var scan = StageMeasurement(.ruleMatch, matcher: "linear", rules: rules.count, packets: scanned)
    timer.measure(&scan, rounds: rounds) { run in
      for index in run {
        sum &+= linear.firstMatch(remote: .v4(keys.v4[index]), service: keys.v4Services[index]) ?? -1
      }
    }
    result.append(scan)

    for (name, family) in [("compiled", IPFamily.v4), ("compiled, IPv6", .v6)] {
      var one = StageMeasurement(
        .ruleMatch, matcher: name, rules: rules.count, packets: family == .v4 ? keys.v4.count : keys.v6.count)
      guard one.packets > 0 else { continue }
      one.buildTime = buildTime
      one.bytes = compiled.byteCount
      timer.measure(&one, rounds: rounds) { run in
        if family == .v4 {
          for index in run {
            sum &+= Int(compiled.firstMatch(remote: keys.v4[index], service: keys.v4Services[index]))
          }
        } else {
          for index in run {
            sum &+= Int(compiled.firstMatch(remote: keys.v6[index], service: keys.v6Services[index]))
          }
        }
      }
      result.append(one)
    }

    var batches = StageMeasurement(
      .ruleMatch, matcher: "compiled, batches", rules: rules.count, packets: keys.v4.count)
    batches.buildTime = buildTime
    batches.bytes = compiled.byteCount
    let length = StageTimer.runLength
    var found = stride(from: 0, to: keys.v4.count, by: length).map { first in
      Array(repeating: Int32(0), count: min(length, keys.v4.count - first))
    }
    timer.measure(&batches, rounds: rounds) { run in
      var results = found[run.lowerBound / length].mutableSpan
      compiled.firstMatches(
        remotes: keys.v4.span.extracting(run), services: keys.v4Services.span.extracting(run), into: &results)
    }
    if found.flatMap({ $0 }) != answers {
      throw MatcherDisagreement(description: "batches and single lookups do not agree")
    }
    result.append(batches)
    return result
  }

  /// What all matchers answer to the IPv4 packets; throws where one says something else.
  private func agreedAnswers(
    _ linear: LinearRules, _ compiled: CompiledRules, _ rules: [ResolvedRule], _ keys: RuleKeys
  ) throws -> [Int32] {
    var answers: [Int32] = []
    let pairs = zip(keys.v4.map(IPAddress.v4), keys.v4Services)
    for (remote, service) in Array(pairs) + Array(zip(keys.v6.map(IPAddress.v6), keys.v6Services)) {
      let expected = linear.firstMatch(remote: remote, service: service)
      let found = compiled.firstMatch(remote: remote, service: service)
      guard expected == found else {
        throw MatcherDisagreement(
          description: "matchers do not agree among \(rules.count) rules on \(remote), protocol "
            + "\(service.ipProtocol.rawValue), port \(service.port): linear says \(Self.text(expected)), compiled "
            + "\(Self.text(found))")
      }
      if case .v4 = remote { answers.append(Int32(found ?? -1)) }
    }
    return answers
  }

  private static func text(_ rule: Int?) -> String { rule.map { "rule \($0)" } ?? "no rule" }

  // MARK: Addresses

  /// Longest-prefix lookups among a network's routes, subnets and interfaces.
  public mutating func addressLookup(
    _ network: VirtualNetwork, _ packets: [PacketSummary]
  ) -> StageMeasurement {
    var entries: [(Prefix<IPv4Address>, Int)] = []
    for (index, subnet) in network.subnets.enumerated() {
      if let block = subnet.ipv4Block { entries.append((block, index)) }
    }
    for interface in network.networkInterfaces {
      for address in interface.ipv4Addresses {
        entries.append((Prefix(address.address, length: 32), entries.count))
      }
    }
    for route in network.routeTables.flatMap(\.routes) {
      if case .prefix(.v4(let prefix)) = route.destination { entries.append((prefix, entries.count)) }
    }
    let addresses = packets.compactMap { packet -> IPv4Address? in
      if case .v4(_, let destination) = packet.addresses { destination } else { nil }
    }
    var table = PrefixTable(entries)
    var measurement = StageMeasurement(
      .addressLookup, matcher: "\(table.entries.count) prefixes", interfaces: network.networkInterfaces.count,
      packets: addresses.count)
    measurement.buildTime = timer.middle(of: 3) { table = PrefixTable(entries) }
    timer.measure(&measurement, rounds: rounds) { run in
      for index in run { sum &+= table.lookup(addresses[index]) ?? 0 }
    }
    return measurement
  }

  // MARK: Packets

  /// Decoding, tracking and the whole audit of frames, with a network's policies.
  public mutating func pipeline(
    _ network: VirtualNetwork, _ frames: BenchmarkFrames, flows: Int?
  ) -> [StageMeasurement] {
    let decoder = PacketDecoder()
    var batch = PacketBatch()
    let records = frames.records
    func measurement(_ stage: StageMeasurement.Stage, _ matcher: String = "") -> StageMeasurement {
      StageMeasurement(
        stage, matcher: matcher, interfaces: network.networkInterfaces.count, flows: flows,
        packets: records.count)
    }

    let runs = stride(from: 0, to: records.count, by: StageTimer.runLength).map { first in
      Array(records[first..<min(first + StageTimer.runLength, records.count)])
    }
    var decode = measurement(.decode)
    timer.measure(&decode, rounds: rounds) { run in
      batch.removeAll()
      decoder.decode(frames.bytes.span, runs[run.lowerBound / StageTimer.runLength], into: &batch)
      sum &+= batch.packets.count
    }

    var filter = PacketFilter(network)
    let buildTime = timer.middle(of: 3) { filter = PacketFilter(network) }
    // Batches are decoded beforehand, so that a stage is measured alone.
    let batches = runs.map { run in
      var batch = PacketBatch()
      decoder.decode(frames.bytes.span, run, into: &batch)
      return batch
    }
    var verdicts: [Verdict] = []
    var tracker = ConnectionTracker()
    var first = measurement(.firstPackets, "empty tracker")
    first.buildTime = buildTime
    first.bytes = filter.policyByteCount
    timer.measure(
      &first, rounds: rounds, prepare: { tracker = ConnectionTracker() },
      run: { run in
        filter.evaluate(batches[run.lowerBound / StageTimer.runLength], tracking: &tracker, into: &verdicts)
      })
    var tracking = measurement(.tracking, "known flows")
    timer.measure(&tracking, rounds: rounds) { run in
      filter.evaluate(batches[run.lowerBound / StageTimer.runLength], tracking: &tracker, into: &verdicts)
    }
    var auditor = Auditor(filter)
    var audit = measurement(.audit, "from bytes")
    audit.buildTime = buildTime
    audit.bytes = filter.policyByteCount
    timer.measure(
      &audit, rounds: rounds, prepare: { auditor = Auditor(filter) },
      run: { run in
        batch.removeAll()
        decoder.decode(frames.bytes.span, runs[run.lowerBound / StageTimer.runLength], into: &batch)
        auditor.audit(batch)
      })
    let policies = policyMatch(filter, batches.flatMap(\.packets))
    return [
      decode, addressLookup(network, batches.flatMap(\.packets)), policies.single, policies.packed, first,
      tracking, audit,
    ]
  }

  /// The rules of an interface drawn at random for each packet: the worst case for caches.
  private mutating func policyMatch(
    _ filter: PacketFilter, _ packets: [PacketSummary]
  ) -> (single: StageMeasurement, packed: StageMeasurement) {
    var random = SplitMix(seed: seed)
    var interfaces: [Int] = []
    var remotes: [IPv4Address] = []
    var services: [ServiceKey] = []
    for packet in packets where packet.hasTransport && filter.interfaceCount > 0 {
      guard case .v4(let source, _) = packet.addresses else { continue }
      interfaces.append(random.number(0...(filter.interfaceCount - 1)))
      remotes.append(source)
      services.append(ServiceKey(packet.ipProtocol, port: packet.destinationPort))
    }
    var single = StageMeasurement(
      .ruleMatch, matcher: "of any interface", interfaces: filter.interfaceCount, packets: interfaces.count)
    single.bytes = filter.policyByteCount
    timer.measure(&single, rounds: rounds) { run in
      for index in run {
        let match = filter.firstInboundMatch(
          at: interfaces[index], remote: remotes[index], service: services[index])
        sum &+= Int(match ?? -1)
      }
    }
    let (lists, packed) = filter.packedInboundRules()
    var together = StageMeasurement(
      .ruleMatch, matcher: "the same, packed", interfaces: filter.interfaceCount,
      packets: interfaces.count / StageTimer.runLength * StageTimer.runLength)
    together.bytes = packed.byteCount
    var asked = Array(repeating: UInt32(0), count: StageTimer.runLength)
    var results = Array(repeating: Int32(0), count: StageTimer.runLength)
    timer.measure(&together, rounds: rounds) { run in
      for (place, index) in run.enumerated() { asked[place] = lists[interfaces[index]] }
      var span = results.mutableSpan
      packed.firstMatches(
        in: asked.span, remotes: remotes.span.extracting(run), services: services.span.extracting(run),
        into: &span)
      sum &+= Int(results[0])
    }
    return (single, together)
  }
}
