import NetworkTypes

/// How far a flow has come; decides its idle timer and what its next packets mean.
enum ConnectionPhase: UInt8, Sendable, CaseIterable {
  case synSent
  case synReceived
  case established
  case finFromInitiator
  case finFromResponder
  /// Both ends have sent FIN; the last acknowledgement is awaited.
  case lastAckFromInitiator
  case lastAckFromResponder
  case closed
  case udpRequest
  case udpReplied
  case udpAgain
  /// More than one request and response (semantics CT-18).
  case udpStream
  case icmp
  case other
}

extension ConnectionPhase {
  /// The phase after a datagram of a flow without a state machine of its own (semantics CT-18).
  @inline(__always)
  func afterDatagram(fromInitiator isForward: Bool) -> ConnectionPhase {
    switch (self, isForward) {
    case (.udpRequest, false): .udpReplied
    case (.udpReplied, true): .udpAgain
    case (.udpAgain, false): .udpStream
    default: self
    }
  }
}

/// What a TCP segment means for its connection.
enum TCPEvent: Int, Sendable {
  case syn, segment, fin, rst

  init(_ flags: TCPFlags) {
    if flags.contains(.rst) {
      self = .rst
    } else if flags.contains(.syn) {
      self = .syn
    } else if flags.contains(.fin) {
      self = .fin
    } else {
      self = .segment
    }
  }
}

/// The TCP state machine as a table; AWS publishes only that closed connections reject late segments (semantics
/// CT-25), the rest is RFC 9293 seen from the middle.
enum TCPTransitions {
  /// `next[phase][event]`, first for segments of the initiator, then for those of the responder; rows in the order of
  /// the TCP phases from `synSent` to `closed`, columns syn, segment, fin, rst.
  private static let fromInitiator: [[ConnectionPhase]] = [
    // syn, segment, fin, rst
    [.synSent, .established, .finFromInitiator, .closed],  // synSent
    [.synReceived, .established, .finFromInitiator, .closed],  // synReceived
    [.established, .established, .finFromInitiator, .closed],  // established
    [.finFromInitiator, .finFromInitiator, .finFromInitiator, .closed],  // finFromInitiator
    [.finFromResponder, .finFromResponder, .lastAckFromResponder, .closed],  // finFromResponder
    [.lastAckFromInitiator, .closed, .lastAckFromInitiator, .closed],  // lastAckFromInitiator
    [.lastAckFromResponder, .lastAckFromResponder, .lastAckFromResponder, .closed],  // lastAckFromResponder
    [.synSent, .closed, .closed, .closed],  // closed
  ]
  private static let fromResponder: [[ConnectionPhase]] = [
    [.synReceived, .established, .finFromResponder, .closed],  // synSent
    [.synReceived, .synReceived, .finFromResponder, .closed],  // synReceived
    [.established, .established, .finFromResponder, .closed],  // established
    [.finFromInitiator, .finFromInitiator, .lastAckFromInitiator, .closed],  // finFromInitiator
    [.finFromResponder, .finFromResponder, .finFromResponder, .closed],  // finFromResponder
    [.lastAckFromInitiator, .lastAckFromInitiator, .lastAckFromInitiator, .closed],  // lastAckFromInitiator
    [.lastAckFromResponder, .closed, .lastAckFromResponder, .closed],  // lastAckFromResponder
    [.synSent, .closed, .closed, .closed],  // closed
  ]

  /// Both tables in one row, so that a look-up is one read.
  private static let flat = (fromInitiator + fromResponder).flatMap { $0 }

  /// The phase after a segment; phases that are not TCP's stay as they are.
  @inline(never)
  static func next(
    _ phase: ConnectionPhase, _ event: TCPEvent, fromInitiator isForward: Bool
  ) -> ConnectionPhase {
    let row = Int(phase.rawValue) - Int(ConnectionPhase.synSent.rawValue)
    guard row >= 0, row < 8 else { return phase }
    return flat[((isForward ? 0 : 8) + row) * 4 + event.rawValue]
  }
}
