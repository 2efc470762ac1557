import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// What the reference says of a packet, in the words of the real engine's answers.
struct ReferenceAnswer: Hashable, CustomStringConvertible {
  var packetClass: PacketClass
  var state: FlowState
  var stage: EvaluationStage?
  var code: ReachabilityCode?
  /// Whether the semantics do not tell: an error about a flow of which nobody knows whether it was admitted.
  var isOpen = false

  var description: String {
    "\(packetClass) \(state)" + (stage.map { " at \($0)" } ?? "") + (code.map { " \($0.rawValue)" } ?? "")
  }
}

/// What ends a packet's way early.
enum WayEnd: Error {
  case refused(EvaluationStage, ReachabilityCode?)
  /// The packet goes where the network's description ends.
  case lost
}

/// The fields that stages look at.
struct Header: Hashable {
  var source: IPAddress
  var destination: IPAddress
  var ipProtocol: IPProtocol
  var sourcePort: UInt16
  /// Type and code for ICMP.
  var destinationPort: UInt16
  var hasPorts: Bool
  /// Whether the destination port is a NAT gateway's choice.
  var hasChosenPort = false
  var isFragment: Bool

  init(_ packet: PacketSummary) {
    source = packet.addresses.source
    destination = packet.addresses.destination
    ipProtocol = packet.ipProtocol
    sourcePort = packet.sourcePort
    destinationPort = packet.destinationPort
    hasPorts = packet.hasTransport
    isFragment = packet.isFragment
  }

  var family: IPFamily { source.family }
  var icmpType: UInt8 { UInt8(destinationPort >> 8) }

  func isMeant(by traffic: TrafficMatch) -> Bool {
    traffic.matches(ServiceKey(ipProtocol, port: destinationPort))
  }

  /// The same packet between other ends.
  func between(_ source: IPAddress, _ destination: IPAddress) -> Header {
    var header = self
    header.source = source
    header.destination = destination
    return header
  }
}
