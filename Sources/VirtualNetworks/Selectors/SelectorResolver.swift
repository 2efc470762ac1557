import NetworkTypes

/// Finds what selectors stand for in one network.
///
/// ```swift
/// let resolver = SelectorResolver(network)
/// let covered = try resolver.coverage(of: Selector("web-*"))
/// let end = try resolver.end(of: Selector("web-1"))
/// ```
/// Building it is linear in the network; finding an id or a name is one look-up, a glob looks at every name.
public struct SelectorResolver: Sendable {
  let network: VirtualNetwork
  let resources: SelectableResources
  /// Interfaces by private address: what a block of addresses may hold.
  private let addresses: [IPAddress: [Int]]

  public init(_ network: VirtualNetwork) {
    self.network = network
    resources = SelectableResources(network)
    var addresses: [IPAddress: [Int]] = [:]
    for (position, interface) in network.networkInterfaces.enumerated() {
      for address in interface.ipv4Addresses { addresses[.v4(address.address), default: []].append(position) }
      for address in interface.ipv6Addresses { addresses[.v6(address), default: []].append(position) }
    }
    self.addresses = addresses
  }

  /// Everything that a selector covers; never empty.
  ///
  /// An instance covers its interfaces; a subnet, VPC or security group the interfaces in it; a glob whatever it
  /// matches. A name that means several things which do not cover the same is an error that lists them.
  public func coverage(of selector: Selector) throws(SelectorError) -> SelectorCoverage {
    switch selector.form {
    case .internet: return SelectorCoverage(isInternet: true)
    case .address(let address): return SelectorCoverage(prefixes: [IPPrefix(host: address)])
    case .prefix(let prefix): return SelectorCoverage(prefixes: [prefix])
    case .resource(let kind, let pattern):
      return try coverage(of: candidates(selector, kind, pattern), selector)
    }
  }

  /// The one end that a selector means for a single packet.
  ///
  /// An instance means its primary interface, a block outside the VPCs its first host address. What covers several
  /// interfaces is an error that lists them, and a block of a VPC that covers none is one, too.
  public func end(of selector: Selector) throws(SelectorError) -> SelectorEnd {
    switch selector.form {
    case .internet: return .internet
    case .address(let address): return .address(address)
    case .prefix(let prefix): return .address(try host(of: prefix, selector))
    case .resource(let kind, let pattern):
      let found = try candidates(selector, kind, pattern)
      let covered = try coverage(of: found, selector)
      if covered.isInternet { return .internet }
      if let only = covered.interfaces.first, covered.interfaces.count == 1, covered.prefixes.isEmpty {
        return .interface(only)
      }
      let instances = found.filter { resources.all[$0].kind == .instance }
      if let instance = instances.first, instances.count == 1,
        let primary = resources.interfacesByInstance[resources.all[instance].id]?.first,
        covered == resources.all[instance].coverage
      {
        return .interface(primary)
      }
      throw .ambiguous(
        selector.text,
        candidates: covered.interfaces.map(label(ofInterface:)) + covered.prefixes.map(\.description))
    }
  }

  /// Where a selector lets a packet enter; of an instance's interfaces the one that has the source address.
  public func entrance(
    of selector: Selector, from source: SelectorEnd
  ) throws(SelectorError) -> SelectorEntrance {
    let expected = "internet, an instance, an interface, a subnet or a VPC"
    guard case .resource(let kind, let pattern) = selector.form else {
      guard case .internet = selector.form else { throw .misplaced(selector.text, expected: expected) }
      return .internet
    }
    let found = try candidates(selector, kind, pattern)
    let routers = found.filter { [.subnet, .vpc].contains(resources.all[$0].kind) }
    if let router = routers.first, found.count == 1 {
      let id = resources.all[router].id
      return resources.all[router].kind == .subnet ? .subnet(id) : .vpc(id)
    }
    guard routers.isEmpty else {
      throw .ambiguous(selector.text, candidates: found.map { resources.all[$0].label })
    }
    let own = found.flatMap { resources.all[$0].coverage.interfaces }
    switch source {
    case .address(let address):
      let holders = own.filter { addresses[address]?.contains($0) ?? false }
      if let holder = holders.first, Set(holders).count == 1 { return .interface(holder) }
    case .interface(let interface) where own.contains(interface): return .interface(interface)
    case .interface, .internet: break
    }
    switch try end(of: selector) {
    case .internet: return .internet
    case .interface(let interface): return .interface(interface)
    case .address: throw .misplaced(selector.text, expected: expected)
    }
  }

  // MARK: Addresses

  private func host(of prefix: IPPrefix, _ selector: Selector) throws(SelectorError) -> IPAddress {
    if prefix.first == prefix.last { return prefix.first }
    let held = addresses.keys.filter(prefix.contains).sorted()
    if held.count > 1 {
      let names = held.flatMap { address in
        addresses[address, default: []].map { label(ofInterface: $0, address) }
      }
      throw .ambiguous(selector.text, candidates: names)
    }
    if let only = held.first { return only }
    // A block of the internet, or of a network beyond, has hosts that nobody lists.
    let isInside = network.vpcs.contains { $0.contains(prefix.first) || $0.contains(prefix.last) }
    guard !isInside else {
      throw .coversNothing(selector.text, reason: "no network interface of the input has an address in it")
    }
    return prefix.firstHost
  }

  /// `eni-0123 (web-1, 10.0.0.10)`
  private func label(ofInterface position: Int) -> String { label(ofInterface: position, nil) }

  private func label(ofInterface position: Int, _ address: IPAddress?) -> String {
    let interface = network.networkInterfaces[position]
    let instance = interface.instance.flatMap { id in resources.byID[id.rawValue]?.first }
    let name = interface.attributes.name ?? instance.flatMap { resources.all[$0].name }
    let own =
      address ?? interface.ipv4Addresses.first.map { .v4($0.address) }
      ?? interface.ipv6Addresses.first.map { .v6($0) }
    let details = [name, own?.description].compactMap { $0 }
    return interface.id.rawValue + (details.isEmpty ? "" : " (\(details.joined(separator: ", ")))")
  }

  // MARK: Names

  /// Every resource that the selector names; never empty.
  private func candidates(
    _ selector: Selector, _ kind: Selector.Kind?, _ text: String
  ) throws(SelectorError) -> [Int] {
    let pattern = NamePattern(text)
    let found: [Int]
    if pattern.isGlob {
      let ofKind = resources.all.indices.filter { kind == nil || kind == resources.all[$0].kind }
      let byName = ofKind.filter { resources.all[$0].name.map(pattern.matches) ?? false }
      // Of one kind a star covers those without a name, too; of any kind ids are for patterns that no name has.
      let usesIDs = kind != nil || byName.isEmpty
      let byID = usesIDs ? ofKind.filter { pattern.matches(resources.all[$0].id.rawValue) } : []
      found = Set(byName + byID).sorted()
    } else {
      let all = (resources.byID[text] ?? []) + (resources.byName[text] ?? [])
      found = Set(all.filter { kind == nil || kind == resources.all[$0].kind }).sorted()
    }
    if found.isEmpty { throw unknown(selector, kind, text) }
    return found
  }

  private func unknown(_ selector: Selector, _ kind: Selector.Kind?, _ text: String) -> SelectorError {
    let before = kind.map { $0.rawValue + "/" } ?? ""
    let candidates = resources.all.filter { kind == nil || kind == $0.kind }
    let nearest = NearestNames.find(
      text, among: candidates.flatMap { [$0.id.rawValue] + ($0.name.map { [$0] } ?? []) })
    if !nearest.isEmpty {
      return .unknown(selector.text, nearest: nearest.map { before + $0 }, resembles: true)
    }
    // Names say more than ids, and instances more than the rest.
    let named = candidates.filter { $0.name != nil }
    let shown = (named.isEmpty ? candidates : named).sorted {
      ($0.kind, $0.name ?? "") < ($1.kind, $1.name ?? "")
    }
    return .unknown(selector.text, nearest: shown.map(\.label), resembles: false)
  }

  /// What the candidates cover, unless it matters which of them is meant.
  private func coverage(of found: [Int], _ selector: Selector) throws(SelectorError) -> SelectorCoverage {
    var parts: [Selector.Kind: [SelectorCoverage]] = [:]
    let isGlob = NamePattern(selector.text).isGlob
    for index in found {
      let resource = resources.all[index]
      if !isGlob, let other = parts[resource.kind]?.first {
        if other != resource.coverage { throw ambiguous(selector, found) }
        continue
      }
      parts[resource.kind, default: []].append(resource.coverage)
    }
    var choices = parts.mapValues { SelectorCoverage(union: $0) }
    // An interface with the name of its instance, or of its gateway, means nothing else.
    if let own = choices[.networkInterface],
      choices.contains(where: { $0.key != .networkInterface && $0.value.isSuperset(of: own) })
    {
      choices[.networkInterface] = nil
    }
    guard let first = choices.values.first, choices.values.allSatisfy({ $0 == first }) else {
      throw ambiguous(selector, found)
    }
    guard !first.isEmpty else {
      let names = found.prefix(5).map { resources.all[$0].label }.joined(separator: ", ")
      throw .coversNothing(selector.text, reason: "no network interface of the input belongs to \(names)")
    }
    return first
  }

  private func ambiguous(_ selector: Selector, _ found: [Int]) -> SelectorError {
    .ambiguous(selector.text, candidates: found.map { resources.all[$0].label })
  }
}

extension IPPrefix {
  /// The first address that a host may have: not the block's own, where there are others.
  fileprivate var firstHost: IPAddress {
    switch self {
    case .v4(let prefix):
      .v4(prefix.length >= 31 ? prefix.first : IPv4Address(rawValue: prefix.first.rawValue + 1))
    case .v6(let prefix):
      .v6(
        prefix.length >= 127 ? prefix.first : IPv6Address(high: prefix.first.high, low: prefix.first.low | 1))
    }
  }
}
