import VirtualNetworks

/// What resources are called: the keys of all YAML inputs, and the names that other inputs tell.
struct NativeNames {
  private struct Name: Hashable {
    var kind: NativeKind
    var name: String
  }

  private struct Holder: Hashable {
    var id: ResourceID
    var vpc: ResourceID?
  }

  /// An id, or why there is none.
  enum Answer {
    case id(ResourceID)
    case ambiguous([String])
    case unknown(nearest: String?)
  }

  private var own: [Name: [Holder]] = [:]
  private var others: [Name: [Holder]] = [:]
  private var ids: [NativeKind: Set<ResourceID>] = [:]

  /// A key of a YAML input; `vpcKey` is that of the VPC in which it stands.
  mutating func declare(
    _ kind: NativeKind, _ key: String, id: ResourceID, vpc: ResourceID? = nil, vpcKey: String? = nil
  ) {
    let holder = Holder(id: id, vpc: vpc)
    for name in [key] + (vpcKey.map { ["\($0)/\(key)"] } ?? []) {
      let name = Name(kind: kind, name: name)
      if !(own[name]?.contains(holder) ?? false) { own[name, default: []].append(holder) }
    }
    ids[kind, default: []].insert(id)
  }

  /// A resource of another input, found by its id and, where no YAML key says otherwise, by its name.
  mutating func add(_ kind: NativeKind, _ id: ResourceID, name: String?, vpc: ResourceID? = nil) {
    ids[kind, default: []].insert(id)
    if let name, !name.isEmpty {
      others[Name(kind: kind, name: name), default: []].append(Holder(id: id, vpc: vpc))
    }
  }

  /// Finds an id by key, name or id; of several with one name, the one in `vpc` is meant.
  func find(_ kind: NativeKind, _ text: String, in vpc: ResourceID? = nil) -> Answer {
    let id = ResourceID(rawValue: text)
    if text.hasPrefix("id/") { return .id(ResourceID(rawValue: String(text.dropFirst(3)))) }
    for names in [own, others] {
      guard var holders = names[Name(kind: kind, name: text)] else { continue }
      if holders.count > 1, let vpc { holders = holders.filter { $0.vpc == vpc } }
      if holders.count == 1 { return .id(holders[0].id) }
      if holders.count > 1 { return .ambiguous(holders.map(\.id.rawValue).sorted()) }
    }
    if ids[kind]?.contains(id) ?? false || kind.isID(text) { return .id(id) }
    let known = Set((Array(own.keys) + Array(others.keys)).filter { $0.kind == kind }.map(\.name))
    return .unknown(nearest: NearestNames.find(text, among: known, limit: 1).first)
  }

  /// Whether any input has the resource.
  func has(_ kind: NativeKind, _ id: ResourceID) -> Bool { ids[kind]?.contains(id) ?? false }

  /// The only resource of a kind; nil if there is none or there are several.
  func only(_ kind: NativeKind) -> ResourceID? { ids[kind]?.count == 1 ? ids[kind]?.first : nil }

  /// Whether a YAML input has a resource of the kind with this key.
  func isDeclared(_ kind: NativeKind, _ name: String) -> Bool { own[Name(kind: kind, name: name)] != nil }
}
