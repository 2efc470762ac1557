/// Why a change cannot be made; the network is as it was.
public enum NetworkChangeError: Error, Hashable, Sendable {
  /// Nothing of the kind has the id or name.
  case unknown(kind: String, String, nearest: [String] = [])
  /// Several resources of the kind have the name.
  case ambiguous(kind: String, String, candidates: [String])
  /// A rule, entry or route that is there already.
  case duplicate(ResourceID, String)
  /// A rule, entry or route that is not there.
  case missing(ResourceID, String, has: [String])
  case transition(ResourceID, InstanceTransitionError)
  /// Something that AWS refuses, with its reason.
  case refused(ResourceID, String)

  /// The code with which the API refuses it.
  public var code: String {
    switch self {
    case .unknown(let kind, _, _): Self.notFound[kind] ?? "InvalidParameterValue"
    case .ambiguous: "InvalidParameterValue"
    case .duplicate(let id, _):
      Self.byKind(id, "InvalidPermission.Duplicate", "NetworkAclEntryAlreadyExists", "RouteAlreadyExists")
    case .missing(let id, _, _):
      Self.byKind(
        id, "InvalidPermission.NotFound", "InvalidNetworkAclEntry.NotFound", "InvalidRoute.NotFound")
    case .transition: "IncorrectInstanceState"
    case .refused: "OperationNotPermitted"
    }
  }

  private static let notFound = [
    "security group": "InvalidGroup.NotFound", "network ACL": "InvalidNetworkAclID.NotFound",
    "route table": "InvalidRouteTableID.NotFound", "instance": "InvalidInstanceID.NotFound",
    "network interface": "InvalidNetworkInterfaceID.NotFound", "subnet": "InvalidSubnetID.NotFound",
    "VPC": "InvalidVpcID.NotFound",
    "Elastic address": "InvalidAddress.NotFound",
  ]

  private static func byKind(_ id: ResourceID, _ group: String, _ acl: String, _ table: String) -> String {
    id.rawValue.hasPrefix("acl-") ? acl : id.rawValue.hasPrefix("rtb-") ? table : group
  }
}

extension NetworkChangeError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknown(let kind, let name, let nearest):
      "the network has no \(kind) \(name)" + (nearest.isEmpty ? "" : "; nearest: \(Self.list(nearest))")
    case .ambiguous(let kind, let name, let candidates):
      "several are called \(name), expected one \(kind): \(Self.list(candidates))"
    case .duplicate(let owner, let text): "\(owner) has \(text) already"
    case .missing(let owner, let text, let others):
      "\(owner) has no \(text)" + (others.isEmpty ? "; it has none" : "; it has \(Self.list(others))")
    case .transition(let instance, let error): "instance \(instance) \(error)"
    case .refused(let resource, let reason): "\(resource): \(reason)"
    }
  }

  private static func list(_ names: [String]) -> String {
    names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "")
  }
}
