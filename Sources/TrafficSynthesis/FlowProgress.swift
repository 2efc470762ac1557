import NetworkTypes
import WireFormat

/// A flow under way: whose turn it is, and the numbers that TCP keeps.
struct FlowProgress: Sendable {
  let flow: FlowPlan.Flow
  /// Packets still to come.
  var left: Int
  private var sent = 0
  private var clientNumber: UInt32
  private var serverNumber: UInt32
  /// The sequence of pings.
  private var echo: UInt32 = 0
  private var lastPayload = 0
  /// Chooses who sends data next; a few bits suffice.
  private var bits: UInt64

  /// The shortest connection with a handshake, a close and something between.
  private static let wholeConnection = 6

  init(_ flow: FlowPlan.Flow, _ random: inout SynthesisRandom) {
    self.flow = flow
    left = flow.packets
    clientNumber = UInt32(truncatingIfNeeded: random.next())
    serverNumber = UInt32(truncatingIfNeeded: random.next())
    bits = random.next() | 1
  }

  /// The next packet, with data up to a frame of `size` bytes where it carries any.
  mutating func next(size: Int, at time: CaptureTime) -> (PacketSummary, FrameContent)? {
    left -= 1
    sent += 1
    return switch flow.conversation.kind {
    case .tcp: nextSegment(size, time)
    case .udp: nextDatagram(size, time)
    case .icmp: nextEcho(size, time)
    }
  }

  private mutating func nextDatagram(_ size: Int, _ time: CaptureTime) -> (PacketSummary, FrameContent)? {
    let fromClient = flow.isDenied || sent % 2 == 1
    return packet(fromClient: fromClient, time).map { packet in
      (packet, FrameContent(payloadLength: payload(of: packet, size)))
    }
  }

  private mutating func nextEcho(_ size: Int, _ time: CaptureTime) -> (PacketSummary, FrameContent)? {
    let fromClient = flow.isDenied || sent % 2 == 1
    if fromClient { echo += 1 }
    return packet(fromClient: fromClient, time).map { packet in
      // An echo returns what it was asked.
      if fromClient { lastPayload = payload(of: packet, size) }
      return (packet, FrameContent(sequence: echo, payloadLength: lastPayload))
    }
  }

  // MARK: TCP

  private mutating func nextSegment(_ size: Int, _ time: CaptureTime) -> (PacketSummary, FrameContent)? {
    if flow.isDenied { return segment(.syn, fromClient: true, 0, time) }
    if !flow.isMidstream {
      switch sent {
      case 1: return segment(.syn, fromClient: true, 0, time)
      case 2 where flow.packets == 2: return segment([.rst, .ack], fromClient: false, 0, time)
      case 2: return segment([.syn, .ack], fromClient: false, 0, time)
      case 3: return segment(.ack, fromClient: true, 0, time)
      default: break
      }
    }
    if flow.packets >= Self.wholeConnection {
      switch left {
      case 2: return segment([.fin, .ack], fromClient: true, 0, time)
      case 1: return segment([.fin, .ack], fromClient: false, 0, time)
      case 0: return segment(.ack, fromClient: true, 0, time)
      default: break
      }
    }
    // The client asks first; then the server sends most of the data.
    bits = bits >> 2 | bits << 62
    let fromClient = sent <= 4 || bits & 3 == 0
    guard let plain = packet(fromClient: fromClient, time) else { return nil }
    let data = payload(of: plain, size)
    return segment(data > 0 ? [.psh, .ack] : .ack, fromClient: fromClient, data, time)
  }

  private mutating func segment(
    _ flags: TCPFlags, fromClient: Bool, _ payload: Int, _ time: CaptureTime
  ) -> (PacketSummary, FrameContent)? {
    guard var packet = packet(fromClient: fromClient, time) else { return nil }
    packet.tcpFlags = flags
    packet.fields.insert(.tcpFlags)
    let content = FrameContent(
      sequence: fromClient ? clientNumber : serverNumber,
      acknowledgment: flags.contains(.ack) ? (fromClient ? serverNumber : clientNumber) : 0,
      payloadLength: payload)
    // A SYN that nobody answers is sent again with the same number.
    let advance = UInt32(payload) &+ (flags.contains(.syn) && !flow.isDenied || flags.contains(.fin) ? 1 : 0)
    if fromClient { clientNumber &+= advance } else { serverNumber &+= advance }
    return (packet, content)
  }

  // MARK: Packets

  private func packet(fromClient: Bool, _ time: CaptureTime) -> PacketSummary? {
    flow.conversation.packet(fromClient: fromClient, clientPort: flow.clientPort, at: time)
  }

  /// Bytes of data in a frame of `size` bytes, as far as the headers leave room.
  private func payload(of packet: PacketSummary, _ size: Int) -> Int {
    max(0, size - FrameEncoder.headerLength(of: packet))
  }
}
