import Filtering
import NetworkTypes
import RuleMatching

/// A packet that begins a flow, to be written with what follows it.
struct BoundaryFlow {
  var request: PacketHeader
  var ending: Ending

  /// What is written after the request.
  enum Ending {
    case unanswered
    /// The answer, although the request is denied.
    case answered
    /// The answer, and what ends a handshake.
    case established
  }

  /// What connection tracking takes for one flow, either way round, by private addresses.
  func identity(_ privateAddress: (IPAddress) -> IPAddress?) -> Set<Endpoint> {
    let hasPorts = request.ipProtocol.hasPorts
    let isQuery = request.ipProtocol.hasICMPKind
    func end(_ address: IPAddress, _ port: UInt16) -> Endpoint {
      Endpoint(
        address: privateAddress(address) ?? address, ipProtocol: request.ipProtocol,
        port: hasPorts || isQuery ? port : 0)
    }
    return [
      end(request.source, request.sourcePort),
      end(request.destination, isQuery ? request.sourcePort : request.service.port),
    ]
  }

  struct Endpoint: Hashable {
    var address: IPAddress
    var ipProtocol: IPProtocol
    var port: UInt16
  }
}

/// The ports, or identifiers, that flows come from, one after the other.
struct ClientPorts {
  private(set) var current = TrafficSynthesizer.clientPorts.lowerBound

  static let keys = IntervalSet(
    IntervalSet.Key(
      TrafficSynthesizer.clientPorts.lowerBound)...IntervalSet.Key(
        TrafficSynthesizer.clientPorts.upperBound))

  mutating func advance() {
    let all = TrafficSynthesizer.clientPorts
    current = current == all.upperBound ? all.lowerBound : current + 1
  }
}
