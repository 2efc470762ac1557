import Filtering
import NetworkTypes
import RuleMatching

/// A packet that begins a flow, and what becomes of it and its answer.
struct BoundaryFlow {
  let request: PacketHeader
  /// The lists that the packet and its answer are held against.
  let tests: [RuleTest]
  private let verdicts: Verdicts?

  private struct Verdicts: Equatable {
    var request = PacketClass.allow
    var reply = PacketClass.allow

    /// The answer to what is denied never comes, and to what is unknown is unknown as well.
    init(_ answer: TraceAnswer) {
      for traced in answer.steps {
        let isRequest = traced.way == .request
        let before = isRequest ? request : reply
        let now: PacketClass =
          traced.step.action == .deny || before == .deny
          ? .deny : traced.step.action == .unknown ? .unknown : before
        if isRequest { request = now } else { reply = now }
      }
      if request != .allow { reply = request }
    }
  }

  init(_ request: PacketHeader, _ filter: PacketFilter) {
    self.request = request
    let answer = filter.trace(captured: request)
    tests = answer.map { filter.ruleTests(of: $0) } ?? []
    verdicts = answer.map { Verdicts($0) }
  }

  /// Whether nothing denies the request, so that there is an answer to show.
  var isAnswered: Bool { verdicts?.request != .deny }

  /// Whether another filter judges the request or its answer otherwise.
  func isChanged(by filter: PacketFilter) -> Bool {
    filter.trace(captured: request).map { Verdicts($0) } != verdicts
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
