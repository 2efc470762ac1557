import NetworkTypes
import RuleMatching

extension NetworkChange: CustomStringConvertible {
  /// The change as one line: `remove inbound rule tcp 443 from 0.0.0.0/0 of sg-0123`, `stop i-0123`.
  public var description: String {
    switch self {
    case .createGroup(let group):
      "create group \(group.id)" + (group.groupName.isEmpty ? "" : " \(group.groupName)")
        + (group.vpc.map { " in \($0)" } ?? "")
    case .deleteGroup(let group): "delete group \(group)"
    case .addRule(let group, let direction, let rule):
      "add \(Self.side(direction)) rule \(rule.match.text(direction)) to \(group)"
    case .removeRule(let group, let direction, .id(let id)):
      "remove \(Self.side(direction)) rule \(id) of \(group)"
    case .removeRule(let group, let direction, .match(let match)):
      "remove \(Self.side(direction)) rule \(match.text(direction)) of \(group)"
    case .setGroups(let interface, let groups):
      "set the groups of \(interface) to \(groups.map(\.rawValue).joined(separator: ", "))"
    case .setSourceDestinationCheck(let interface, let isOn):
      "turn the source/destination check of \(interface) \(isOn ? "on" : "off")"
    case .createEntry(let acl, let direction, let entry):
      "create \(Self.side(direction)) entry \(Self.text(entry, direction)) of \(acl)"
    case .replaceEntry(let acl, let direction, let entry):
      "replace \(Self.side(direction)) entry \(Self.text(entry, direction)) of \(acl)"
    case .deleteEntry(let acl, let direction, let number):
      "delete \(Self.side(direction)) entry \(number) of \(acl)"
    case .associateACL(let acl, let subnet, _): "associate \(acl) with \(subnet)"
    case .associateTable(let table, let subnet, _): "associate \(table) with \(subnet)"
    case .disassociateTable(let subnet): "disassociate the route table of \(subnet)"
    case .createRoute(let table, let route): "create route \(Self.text(route)) in \(table)"
    case .replaceRoute(let table, let route): "replace route \(Self.text(route)) in \(table)"
    case .deleteRoute(let table, let destination):
      "delete route to \(VirtualNetwork.text(destination)) from \(table)"
    case .instance(let instance, let action): "\(action.rawValue) \(instance)"
    case .setState(let instance, let state): "\(instance) is \(state)"
    case .run(let instance, let interfaces):
      "run \(instance.id)"
        + (interfaces.first?.ipv4Addresses.first.map { " with \($0.address)" } ?? "")
        + (interfaces.first.map { " in \($0.subnet)" } ?? "")
    case .allocateAddress(let address): "allocate \(address.publicAddress)"
    case .releaseAddress(let address): "release \(address)"
    case .associateAddress(let association):
      switch association.target {
      case .instance(let id), .interface(let id): "associate \(association.publicAddress) with \(id)"
      }
    case .disassociateAddress(let address): "disassociate \(address)"
    }
  }

  private static func side(_ direction: Direction) -> String {
    direction == .ingress ? "inbound" : "outbound"
  }

  private static func text(_ entry: NetworkACLEntry, _ direction: Direction) -> String {
    "\(entry.number) \(entry.action.rawValue) \(Match(entry.traffic, peer: .prefix(entry.prefix)).text(direction))"
  }

  private static func text(_ route: Route) -> String {
    let target = route.target == .none ? "nothing" : route.target.resource?.rawValue ?? "local"
    return "\(VirtualNetwork.text(route.destination)) -> \(target)"
  }
}
