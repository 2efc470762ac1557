import NetworkTypes
import VirtualNetworks

/// What is known and collected while YAML networks are read.
final class NativeReading {
  let log = YAMLProblemLog()
  var names = NativeNames()
  /// Where resources of all inputs come together.
  var importer: AWSImporter
  let keys = NativeKeys()
  /// The VPC whose members are being read.
  var vpc: (id: ResourceID, key: String)?
  /// The route table whose routes are being read.
  var table: ResourceID?
  /// Associations that subnets tell of.
  var tablesOfSubnets: [(table: ResourceID, subnet: ResourceID)] = []
  var aclsOfSubnets: [(acl: ResourceID, subnet: ResourceID)] = []
  /// Interfaces that a shorthand implies; what is described in full comes first.
  var impliedInterfaces: [NetworkInterface] = []
  /// Interfaces without `groups`: they get the default group of their VPC (semantics SG-7).
  var interfacesWithoutGroups: Set<ResourceID> = []
  struct ReadVPC {
    var id: ResourceID
    var key: String
    var location: SourceLocation
    /// Whether it is to have a main route table and a default ACL even if nothing says so.
    var hasDefaults: Bool
  }
  var readVPCs: [ReadVPC] = []
  /// By VPC, what is called so and does not say whether it is.
  var tablesCalledMain: [ResourceID: [(id: ResourceID, location: SourceLocation)]] = [:]
  var aclsCalledDefault: [ResourceID: [(id: ResourceID, location: SourceLocation)]] = [:]
  /// Instances that are in the zone of their subnet.
  var instancesWithoutZone: [(instance: ResourceID, subnet: ResourceID)] = []
  var vpcOf: [ResourceID: ResourceID] = [:]
  private(set) var resources = 0
  private var places: [NativeKind: [ResourceID: SourceLocation]] = [:]

  init(_ importer: AWSImporter) { self.importer = importer }

  /// Counts a resource; an id that another key has already is a problem.
  ///
  /// - Parameter gateway: The transit gateway of an attachment: one of two of them has an id at both.
  func count(
    _ kind: NativeKind, _ id: ResourceID, at location: SourceLocation, of gateway: ResourceID? = nil
  ) {
    resources += 1
    let key = gateway.map { AWSImporter.key(id, $0) } ?? id
    if let other = places[kind, default: [:]].updateValue(location, forKey: key), other != location {
      log.add(
        at: location,
        "the \(kind.noun) has the id \(id), which another one has already (\(other)); expected ids "
          + "that differ: name one of them with id: …")
    }
  }

  /// The id that a reference means; a name that nothing has is a problem with the nearest name.
  func id(_ kind: NativeKind, _ node: YAMLNode) throws(YAMLProblem) -> ResourceID {
    let text = try node.text("the name of a \(kind.noun)")
    switch names.find(kind, text, in: vpc?.id) {
    case .id(let id): return id
    case .ambiguous(let ids): throw ambiguous(kind, text, ids, at: node.location)
    case .unknown(let nearest):
      throw YAMLProblem(
        at: node.location,
        "no \(kind.noun) is called \"\(text)\"" + (nearest.map { "; did you mean \"\($0)\"?" } ?? ""))
    }
  }

  func ids(_ kind: NativeKind, _ node: YAMLNode) -> [ResourceID] {
    node.listOrOne.compactMap { element in
      log.attempt { () throws(YAMLProblem) in try id(kind, element) }
    }
  }

  func ambiguous(
    _ kind: NativeKind, _ text: String, _ ids: [String], at location: SourceLocation
  ) -> YAMLProblem {
    YAMLProblem(
      at: location,
      "\"\(text)\" is ambiguous: \(ids.joined(separator: ", ")) are called so; expected "
        + ([.subnet, .routeTable, .networkACL].contains(kind) ? "VPC/NAME or an id" : "an id"))
  }

  /// The id of something that may be described elsewhere: an unknown name is a warning, and leads nowhere.
  func looseID(
    _ kind: NativeKind, _ text: String, at location: SourceLocation, of owner: ResourceID, code: String,
    in vpc: ResourceID? = nil
  ) throws(YAMLProblem) -> ResourceID {
    switch names.find(kind, text, in: vpc ?? self.vpc?.id) {
    case .id(let id): return id
    case .ambiguous(let ids): throw ambiguous(kind, text, ids, at: location)
    case .unknown(let nearest):
      importer.log.add(
        .warning, code, owner, at: location,
        "no \(kind.noun) is called \"\(text)\""
          + (nearest.map { "; did you mean \"\($0)\"?" }
            ?? (code == "unknown_target" ? "; it leads nowhere" : "; it matches nothing")))
      return kind.id(of: text)
    }
  }

  /// The id of the resource that an entry of a section describes: its `id`, or one made of its key.
  static func id(_ kind: NativeKind, _ member: YAMLMapping.Member, vpcKey: String? = nil) -> ResourceID {
    if case .mapping(let mapping) = member.value.content, let id = mapping["id"],
      case .scalar(let text, _) = id.content, !id.isNull
    {
      return ResourceID(rawValue: text)
    }
    return kind.id(of: member.key, in: vpcKey)
  }

  /// Attributes of an entry: its place, and its key as Name tag unless it is an id.
  func attributes(_ kind: NativeKind, _ member: YAMLMapping.Member, named: Bool = true) -> ResourceAttributes
  {
    ResourceAttributes(
      tags: named && !kind.isID(member.key) ? [Tag("Name", member.key)] : [], location: member.keyLocation)
  }
}
