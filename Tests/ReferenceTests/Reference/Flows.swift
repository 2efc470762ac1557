import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// CT-2: what packets of one flow have in common, from the side that began it.
struct FlowName: Hashable {
  var source: IPAddress
  var destination: IPAddress
  var sourcePort: UInt16 = 0
  var destinationPort: UInt16 = 0
  var ipProtocol: IPProtocol

  var reversed: FlowName {
    FlowName(
      source: destination, destination: source, sourcePort: destinationPort, destinationPort: sourcePort,
      ipProtocol: ipProtocol)
  }

  /// ICMP query types and the types that answer them.
  static let replies: [IPProtocol: [UInt8: UInt8]] = [
    .icmp: [8: 0, 13: 14, 15: 16, 17: 18], .icmpv6: [128: 129],
  ]
}

/// CT-17, CT-25: how far a TCP connection is. *Closed*: after a reset, or when both sides have sent FIN and the side
/// whose FIN came first acknowledges the other's.
enum Phase: Hashable {
  case synSent, synReceived, established
  case closing(finFromBeginner: Bool)
  case lastAck(firstFinFromBeginner: Bool)
  case closed

  init(first flags: TCPFlags) {
    self = flags.contains(.syn) && !flags.contains(.ack) ? .synSent : .established
    if flags.contains(.fin) { self = .closing(finFromBeginner: true) }
    if flags.contains(.rst) { self = .closed }
  }

  mutating func see(_ flags: TCPFlags, fromBeginner: Bool) {
    if flags.contains(.rst) {
      self = .closed
      return
    }
    switch self {
    case .synSent:
      if flags.isSuperset(of: [.syn, .ack]) && !fromBeginner {
        self = .synReceived
      } else if !flags.contains(.syn) {
        self = .established
      }
    case .synReceived: if !flags.contains(.syn) && fromBeginner { self = .established }
    default: break
    }
    switch self {
    case .synSent, .synReceived, .established:
      if flags.contains(.fin) { self = .closing(finFromBeginner: fromBeginner) }
    case .closing(let first):
      if flags.contains(.fin) && first != fromBeginner { self = .lastAck(firstFinFromBeginner: first) }
    case .lastAck(let first):
      if flags.contains(.ack) && !flags.contains(.fin) && fromBeginner == first { self = .closed }
    case .closed: break
    }
  }
}

/// One flow that the reference remembers.
struct Flow {
  var begin: Place
  var header: Header
  var legs: [Leg]
  var meetings: [Meeting]
  var isTrackedAnyway: Bool
  /// Whether the network's description ended before the first packet's way did.
  var isLost: Bool
  var isDenied = false
  var isDoubtful = false
  var phase: Phase = .established
  /// CT-18: how often the sender has changed.
  var turns = 0
  var lastFromBeginner = true
  var lastSeen: CaptureTime

  /// Interfaces at which the flow is tracked (CT-4, CT-6); a reset leaves nothing to track.
  var trackedAt: Set<ResourceID> {
    isDenied && phase == .closed
      ? [] : Set(meetings.filter { isTrackedAnyway || !$0.isUntrackedByRules }.map(\.interface.id))
  }
  var isUntracked: Bool { !meetings.isEmpty && trackedAt.isEmpty }

  /// AD-17: how long a NAT gateway on the way remembers it, in seconds.
  var gatewayLimit: Int64? {
    legs.contains { $0.sent.source != $0.received.source && $0.to != .internet } ? 350 : nil
  }

  /// CT-13 to CT-17
  func idleLimit(_ timers: IdleTimers) -> Int64 {
    if isDenied && header.ipProtocol == .tcp && phase != .closed { return timers.tcpSynSent }
    switch header.ipProtocol {
    case .tcp: return tcpIdleLimit(timers)
    case .udp: return turns >= 3 ? timers.udpStream : timers.udp
    case .icmp, .icmpv6: return timers.icmp
    default: return timers.other
    }
  }

  private func tcpIdleLimit(_ timers: IdleTimers) -> Int64 {
    switch phase {
    case .synSent: timers.tcpSynSent
    case .synReceived: timers.tcpSynReceived
    case .established: timers.tcpEstablished
    case .closing: timers.tcpClosing
    case .lastAck: timers.tcpLastAck
    case .closed: timers.tcpClosed
    }
  }

  mutating func see(_ packet: PacketSummary, fromBeginner: Bool) {
    lastSeen = packet.time
    if fromBeginner != lastFromBeginner { turns += 1 }
    lastFromBeginner = fromBeginner
    // AWS keeps no state of an untracked flow; that it was seen is remembered as if nothing followed its beginning.
    if packet.ipProtocol == .tcp && !isUntracked { phase.see(packet.tcpFlags, fromBeginner: fromBeginner) }
  }
}
