import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// What the internet reaches: public address, route, ACL and groups all agree, there and back.
extension NetworkLinter {
  private struct Service {
    var port: UInt16
    var name: String
    var isDatabase: Bool

    var keys: IntervalSet { IntervalSet(.tcp(PortRange(port, port) ?? .all)) }
  }

  private static let services: [Service] =
    [(22, "SSH"), (23, "Telnet"), (3389, "RDP"), (5900, "VNC"), (5985, "WinRM"), (5986, "WinRM over HTTPS")]
    .map {
      Service(port: $0.0, name: $0.1, isDatabase: false)
    }
    + [
      (1433, "SQL Server"), (1521, "Oracle"), (3306, "MySQL"), (5432, "PostgreSQL"), (5439, "Redshift"),
      (6379, "Redis"), (9042, "Cassandra"), (9200, "Elasticsearch"), (11211, "memcached"), (27017, "MongoDB"),
    ].map { Service(port: $0.0, name: $0.1, isDatabase: true) }

  /// From how many addresses on somebody is called everybody: a sixteenth of the IPv4 internet, or a /16 of IPv6.
  private static func isWorld(_ sources: IntervalSet, _ family: IPFamily) -> Bool {
    sources.approximateCount
      >= (family == .v4 ? 268_435_456 : Double(sign: .plus, exponent: 112, significand: 1))
  }

  /// Who reaches a service of an interface.
  private struct Exposed {
    var sources = IntervalSet.empty
    /// How the most of them come in.
    var answer: TraceAnswer
    var family: IPFamily
    var most = 0.0
  }

  func exposure() -> [LintFinding] {
    let all = Self.services.reduce(IntervalSet.empty) { $0.union($1.keys) }
    return network.networkInterfaces.indices.flatMap { position -> [LintFinding] in
      let interface = network.networkInterfaces[position]
      guard mayBeAddressed(interface) else { return [] }
      let question = ReachQuestion(
        from: [.internet], to: [.interface(position)], services: all, isRoundTrip: true)
      var exposed: [UInt16: [IPFamily: Exposed]] = [:]
      var unknown: ReachRegion?
      do throws(ReachError) {
        try analyzer.visit(question) { region in
          if region.verdict == .unknown { unknown = unknown ?? region }
          guard region.verdict == .allow else { return true }
          let family = region.packets.family
          for service in Self.services where !region.packets.services.isDisjoint(with: service.keys) {
            var found =
              exposed[service.port]?[family] ?? Exposed(answer: region.answer, family: family)
            let count = region.packets.sources.approximateCount
            if count > found.most { (found.answer, found.most) = (region.answer, count) }
            found.sources = found.sources.union(region.packets.sources)
            exposed[service.port, default: [:]][family] = found
          }
          return true
        }
      } catch {
        if case .noPackets = error { return [] }
        return [undecided(error, interface.instance ?? interface.id, at: interface.attributes.location)]
      }
      return findings(exposed, interface) + (unknown.map { [self.unknown($0, interface)] } ?? [])
    }
  }

  /// A question that is too large to be answered is not passed over.
  func undecided(
    _ error: ReachError, _ resource: ResourceID, rule: String? = nil, at location: SourceLocation
  ) -> LintFinding {
    LintFinding(
      .info, .notCompared, resource, rule: rule, at: location,
      "what reaches \(title(resource)) was not looked at to the end: \(error)",
      fix: "ask with sallyport trace")
  }

  /// One finding for the services that the same addresses reach by the same rule.
  private func findings(
    _ exposed: [UInt16: [IPFamily: Exposed]], _ interface: NetworkInterface
  ) -> [LintFinding] {
    struct Kind: Hashable {
      var family: IPFamily
      var isDatabase: Bool
      var sources: IntervalSet
      var rule: String?
    }
    var order: [Kind] = []
    var alike: [Kind: (services: [Service], exposed: Exposed)] = [:]
    for service in Self.services {
      for family in [IPFamily.v4, .v6] {
        guard let found = exposed[service.port]?[family] else { continue }
        let kind = Kind(
          family: family, isDatabase: service.isDatabase, sources: found.sources,
          rule: admission(of: found.answer))
        if alike[kind] == nil { order.append(kind) }
        alike[kind, default: ([], found)].services.append(service)
      }
    }
    return order.compactMap { kind in alike[kind].map { finding($0.services, $0.exposed, interface) } }
  }

  private func mayBeAddressed(_ interface: NetworkInterface) -> Bool {
    guard interface.kind != .natGateway, !interface.isDeleted else { return false }
    return !interface.ipv6Addresses.isEmpty
      || interface.ipv4Addresses.contains { $0.publicAddress != nil || $0.hasUnknownPublicAddress }
  }

  private func finding(
    _ services: [Service], _ exposed: Exposed, _ interface: NetworkInterface
  ) -> LintFinding {
    let isDatabase = services.contains(where: \.isDatabase)
    let isWorld = Self.isWorld(exposed.sources, exposed.family)
    let path = filter.path(of: exposed.answer, .request).map(title).joined(separator: " > ")
    let owner = interface.instance ?? interface.id
    var message = "\(title(owner)) is reachable from "
    if isWorld {
      message += "the internet"
    } else {
      message += "\(Self.count(exposed.sources)) of the internet (\(Self.example(exposed)))"
    }
    message += " on \(services.map { "\($0.name) (tcp \($0.port))" }.joined(separator: ", "))"
    message += " over \(exposed.family == .v4 ? "IPv4" : "IPv6")"
    if !isDatabase, let instance = network.instances.first(where: { $0.id == interface.instance }) {
      message += instance.keyName.map { ", with the key pair \"\($0)\"" } ?? ", without a key pair"
    }
    message += "; path: \(path)"
    return LintFinding(
      isWorld ? .error : .info, isDatabase ? .openDatabasePort : .openAdminPort, owner,
      rule: admission(of: exposed.answer), at: interface.attributes.location, message,
      fix: isWorld
        ? "narrow the rule to the addresses that need it"
          + (isDatabase ? ", or take away the public address" : ", or use Session Manager or a bastion")
        : "check that these addresses are yours")
  }

  /// The group's rule that admits the request at its end.
  private func admission(of answer: TraceAnswer) -> String? {
    answer.steps.last { $0.way == .request && $0.step.element == .securityGroup && $0.step.rule != nil }
      .flatMap { filter.ruleName(of: $0.step) }
  }

  private static func count(_ sources: IntervalSet) -> String {
    let count = sources.approximateCount
    if count == 1 { return "1 address" }
    return count < 1e9 ? "\(Int(count)) addresses" : "part"
  }

  private static func example(_ exposed: Exposed) -> String {
    guard let run = exposed.sources.runs.first else { return "" }
    let first = IPAddress(exposed.family, key: run.lowerBound)
    guard exposed.sources.approximateCount > 1 else { return first.description }
    // The largest block that begins there.
    let width = exposed.family == .v4 ? 32 : 128
    let length = (0...width).first { length in
      let keys = IPPrefix(first, length: length).keys
      return keys.lowerBound == run.lowerBound && keys.upperBound <= run.upperBound
    }
    let block = IPPrefix(first, length: length ?? width)
    return block.keys == run && exposed.sources.runs.count == 1 ? "\(block)" : "\(block) and others"
  }

  private func unknown(_ region: ReachRegion, _ interface: NetworkInterface) -> LintFinding {
    let owner = interface.instance ?? interface.id
    let why =
      region.answer.unknowns.first.map { filter.explain(unknown: $0.step) } ?? "the input lacks something"
    return LintFinding(
      .info, .exposureUnknown, owner, at: interface.attributes.location,
      "whether the internet reaches ports for administration or databases of \(title(owner)) is not certain: \(why)",
      fix: "complete the input")
  }
}
