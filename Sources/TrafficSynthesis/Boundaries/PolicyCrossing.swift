import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// A packet's meeting with a list of rules.
struct PolicyCrossing: Hashable, Sendable {
  var place: PolicyPlace
  var cell: PolicyCell
  var wasAllowed: Bool
  /// Whether the packet's verdict would be another if this list alone judged otherwise.
  var decides: Bool
}

extension BoundaryNetwork {
  /// Every list that a packet and its answer are judged by; empty if the packet never enters the network.
  func crossings(of request: PacketHeader) -> [PolicyCrossing] {
    guard let answer = filter.trace(captured: request) else { return [] }
    var crossings: [PolicyCrossing] = []
    var isRequestDenied = false
    for way in [TraceStep.Way.request, .reply] {
      let steps = answer.steps.filter { $0.way == way }
      let denials = steps.count { $0.step.action == .deny }
      for traced in steps {
        guard let place = place(of: traced.step) else { continue }
        let isDenial = traced.step.action == .deny
        let remote = place.direction == .egress ? traced.header.destination : traced.header.source
        crossings.append(
          PolicyCrossing(
            place: place, cell: PolicyCell(remote: remote, service: traced.header.service),
            wasAllowed: !isDenial, decides: !isRequestDenied && denials == (isDenial ? 1 : 0)))
      }
      isRequestDenied = isRequestDenied || denials > 0
    }
    return crossings
  }

  /// The list that a step asked; nil for other steps, and where the input does not hold the rules.
  private func place(of step: PathStep) -> PolicyPlace? {
    guard step.action == .allow || step.action == .deny else { return nil }
    switch step.element {
    case .securityGroup: return step.interface.map { .groups($0, step.direction) }
    case .networkACL: return step.resource.map { .acl(filter.id(of: $0), step.direction) }
    default: return nil
    }
  }

  /// Whether the request is answered: nothing stops it.
  func isAnswered(_ request: PacketHeader) -> Bool {
    guard let answer = filter.trace(captured: request) else { return true }
    return !answer.steps.contains { $0.way == .request && $0.step.action == .deny }
  }

  /// Requests that bring a packet of `cell` to `place` by one carrier: as a request itself, or as the answer to one.
  func requests(
    for cell: PolicyCell, at place: PolicyPlace, by carrier: PolicyCarrier
  ) -> [PacketHeader] {
    guard let own = carrier.address(cell.remote.family) else { return [] }
    var requests: [PacketHeader] = []
    func add(_ source: IPAddress, _ destination: IPAddress) {
      guard source != destination else { return }
      requests.append(PacketHeader(source: source, destination: destination, service: cell.service))
      guard case .acl = place else { return }
      // Answers meet ACLs, too, with the port that their request came from.
      let answered: [UInt16]
      switch cell.service.ipProtocol {
      case .tcp, .udp:
        let isToOwn = source == own
        answered = admittedPorts(
          at: carrier.interface, isToOwn ? .ingress : .egress, cell.service.ipProtocol)
      case .icmp, .icmpv6: answered = [1]
      default: answered = []
      }
      for port in answered {
        let reply = PacketHeader(
          source: source, destination: destination, service: cell.service, sourcePort: port)
        let request = reply.request
        guard request.service.ipProtocol.hasPorts || request.reply.service == cell.service,
          request.service != cell.service || cell.service.ipProtocol.hasPorts
        else { continue }
        requests.append(request)
      }
    }
    if carrier.isBehindNAT {
      // The packet that the ACL of the gateway's subnet sees may be on either side of the gateway.
      if cell.remote == own {
        for host in Self.internet where host.family == own.family {
          add(own, host)
          add(host, own)
        }
      } else {
        add(own, cell.remote)
        add(cell.remote, own)
      }
    } else if place.direction == .ingress {
      add(cell.remote, own)
      if let sender = privateAddress(behind: cell.remote), let door = publicAddress(of: carrier.interface) {
        // Out by the internet gateway and in again: the sender comes with its public address (semantics SG-32).
        add(sender, door)
      }
    } else {
      add(own, cell.remote)
    }
    return requests
  }
}
