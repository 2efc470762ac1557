import CaptureFiles
import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks
import WireFormat

/// The packets at the edges of a network's rules: a witness of its policy.
public struct BoundaryTraffic: Sendable {
  private let network: BoundaryNetwork
  private let flows: [BoundaryFlow]
  private var time = TrafficMix.start
  private var written: Set<Set<BoundaryFlow.Endpoint>> = []
  /// Flows that will be written.
  public var flowCount: Int { flows.count }
  /// What was found, and what was left out.
  public let report: BoundaryReport

  /// Finds the packets.
  ///
  /// - Parameter progress: Is told now and then how many rules are done, of how many.
  public init(_ network: VirtualNetwork, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }) {
    self.init(network, workLimit: Self.workLimit, blockLimit: Self.blockLimit, progress: progress)
  }

  /// What the search for packets may take, in steps of about a microsecond: rules compared, kinds of packets laid out and
  /// looked at.
  package static let workLimit = 40_000_000

  /// How many blocks of addresses get packets at their edges, besides the first four of each rule.
  package static let blockLimit = 20_000

  /// How many kinds of packets are looked at before it is worked out where to look.
  package static let firstLook = 500

  package init(
    _ network: VirtualNetwork, workLimit: Int = workLimit, blockLimit: Int = blockLimit,
    firstLook: Int = firstLook, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) {
    self.network = BoundaryNetwork(network)
    var finder = BoundaryFinder(
      self.network, workLimit: workLimit, blockLimit: blockLimit, firstLook: firstLook)
    finder.find(progress: progress)
    flows = finder.flows
    report = finder.report
  }

  /// Writes every flow: the request, and if nothing stops it, or a mutant is told by the answer all the same, the answer; after
  /// that what ends a handshake.
  public mutating func write(
    to bytes: inout [UInt8], _ encoder: CaptureEncoder, flush: (inout [UInt8]) throws -> Void
  ) rethrows {
    for flow in flows {
      write(flow, to: &bytes, encoder)
      if bytes.count >= 1 << 20 { try flush(&bytes) }
    }
  }

  private mutating func write(_ flow: BoundaryFlow, to bytes: inout [UInt8], _ encoder: CaptureEncoder) {
    let request = flow.request
    if !written.insert(flow.identity(network.privateAddress)).inserted {
      // The flow before is forgotten first (semantics CT-3): longer than any idle timer.
      time = time.advanced(bySeconds: request.ipProtocol == .tcp ? 500_000 : 1000)
    }
    write(request, .syn, to: &bytes, encoder)
    if flow.ending == .unanswered { return }
    let reply = request.reply
    guard !request.ipProtocol.hasICMPKind || reply.service != request.service else { return }
    write(reply, [.syn, .ack], to: &bytes, encoder)
    if request.ipProtocol == .tcp && flow.ending == .established { write(request, .ack, to: &bytes, encoder) }
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
