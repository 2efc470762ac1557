import Filtering
import NetworkTypes
import PolicyAnalysis

/// The packets that were tried for one mutant.
struct SearchTrial {
  enum Judgement {
    /// The mutant judges it otherwise.
    case changed(TracedFlow)
    /// The mutant's lists answer otherwise, but what becomes of it does not hang on them.
    case stopped
    /// The mutant's lists are asked nothing that they answer otherwise.
    case unasked
  }

  private(set) var found: TracedFlow?
  /// Regions that were handed over in all, and packets of them that were judged.
  private(set) var met = 0
  private(set) var judged = 0
  private(set) var isGivenUp = false
  var isCut = false
  private var attempts = 0
  /// Packets by which one mutant differs that are tried, since not all can be told from others in a capture.
  static let attemptLimit = 64
  private let port: UInt16
  private let judge: (_ request: PacketHeader, _ isAnsweredAnyway: Bool) -> Judgement

  init(
    port: UInt16, judge: @escaping (_ request: PacketHeader, _ isAnsweredAnyway: Bool) -> Judgement
  ) {
    self.port = port
    self.judge = judge
  }

  /// Goes on to other packets.
  mutating func begin() { attempts = 0 }

  /// Tries a region's example; whether to go on.
  ///
  /// - Parameter isAnswer: Whether the example answers a request that is denied.
  mutating func attempt(_ region: ReachRegion, isAnswer: Bool = false) -> Bool {
    met += 1
    guard case .address(let source) = region.witness.from,
      case .address(let destination) = region.witness.to
    else { return true }
    let service = region.witness.service
    let isAnyPort =
      !service.ipProtocol.hasPorts
      || !isAnswer && ClientPorts.keys.isSubset(of: region.packets.sourcePorts)
    let header = PacketHeader(
      source: source, destination: destination, service: service,
      sourcePort: isAnyPort ? port : region.witness.sourcePort)
    judged += 1
    switch judge(isAnswer ? header.request : header, isAnswer) {
    case .changed(let flow):
      found = flow
      return false
    case .stopped: return true
    case .unasked:
      attempts += 1
      if attempts >= Self.attemptLimit { isGivenUp = true }
      return attempts < Self.attemptLimit
    }
  }
}
