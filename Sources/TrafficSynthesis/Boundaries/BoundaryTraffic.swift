import CaptureFiles
import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks
import WireFormat

/// The packets at the edges of a network's rules: a witness of its policy.
public struct BoundaryTraffic: Sendable {
  private let network: BoundaryNetwork
  private let requests: [PacketHeader]
  private var time = TrafficMix.start
  private var clientPort = TrafficSynthesizer.clientPorts.lowerBound
  /// Rules that no packet can be brought to, since no interface carries their group or is in their ACL's subnets.
  public let rulesWithoutCarrier: Int
  /// Flows that will be written.
  public var flowCount: Int { requests.count }

  /// Finds the packets: some hundred questions to the filter a rule.
  public init(_ network: VirtualNetwork) {
    var finder = BoundaryFinder(network)
    finder.find()
    requests = finder.requests
    rulesWithoutCarrier = finder.rulesWithoutCarrier
    self.network = BoundaryNetwork(network)
  }

  /// Writes every flow: the request, and if nothing stops it the answer and what ends a handshake.
  public mutating func write(
    to bytes: inout [UInt8], _ encoder: CaptureEncoder, flush: (inout [UInt8]) throws -> Void
  ) rethrows {
    for request in requests {
      write(request, to: &bytes, encoder)
      if bytes.count >= 1 << 20 { try flush(&bytes) }
    }
  }

  private mutating func write(_ request: PacketHeader, to bytes: inout [UInt8], _ encoder: CaptureEncoder) {
    var request = request
    if request.sourcePort == 0 || !request.ipProtocol.hasPorts { request.sourcePort = nextClientPort() }
    if !request.ipProtocol.hasPorts && !request.ipProtocol.hasICMPKind {
      // Such flows are told apart by their ends alone: the one before is forgotten first (semantics CT-3).
      time = time.advanced(bySeconds: 1000)
    }
    let isAnswered = network.isAnswered(request)
    write(request, .syn, to: &bytes, encoder)
    guard isAnswered else { return }
    let reply = request.reply
    guard !request.ipProtocol.hasICMPKind || reply.service != request.service else { return }
    write(reply, [.syn, .ack], to: &bytes, encoder)
    if request.ipProtocol == .tcp { write(request, .ack, to: &bytes, encoder) }
  }

  private mutating func nextClientPort() -> UInt16 {
    defer {
      clientPort =
        clientPort == TrafficSynthesizer.clientPorts.upperBound
        ? TrafficSynthesizer.clientPorts.lowerBound : clientPort + 1
    }
    return clientPort
  }

  private mutating func write(
    _ header: PacketHeader, _ flags: TCPFlags, to bytes: inout [UInt8], _ encoder: CaptureEncoder
  ) {
    guard let addresses = AddressPair(source: header.source, destination: header.destination) else { return }
    time.nanoseconds += 1_000_000
    var packet = PacketSummary(
      addresses: addresses, time: time, wireLength: 0, fields: [.addresses, .transport],
      ipProtocol: header.ipProtocol, sourcePort: header.sourcePort, destinationPort: header.service.port)
    if header.ipProtocol == .tcp { packet.tcpFlags = flags }
    // A number per flow, so that the answer acknowledges what was asked.
    let isAnswer = flags.contains(.ack) && flags.contains(.syn)
    let content =
      header.ipProtocol == .tcp
      ? FrameContent(
        sequence: flags == .ack ? 1001 : isAnswer ? 5000 : 1000,
        acknowledgment: isAnswer ? 1001 : flags == .ack ? 5001 : 0)
      : FrameContent(sequence: 1, payloadLength: 16)
    encoder.append(time: time, into: &bytes) { FrameEncoder.append(packet, content, to: &$0) }
  }
}
