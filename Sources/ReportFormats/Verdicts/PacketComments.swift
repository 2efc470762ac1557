import Filtering

/// What annotated captures say of a packet.
///
/// `sallyport: frame 12, deny, stage destination_security_group, code ENI_SG_RULES_MISMATCH, ingress at eni-… (app-1)`;
/// a rule is named where one decided. Put into words once for each outcome.
public struct PacketComments: Sendable {
  private var filter: PacketFilter
  /// By outcome; empty where it was not needed yet.
  private var endings: [[UInt8]] = []

  public init(_ filter: PacketFilter) { self.filter = filter }

  /// Goes on with the names of a filter that follows a change of the network.
  public mutating func goOn(with filter: PacketFilter) { self.filter = filter }

  /// The comment as UTF-8; `frame` counts as in the report.
  public mutating func comment(on verdict: Verdict, frame: Int, tracker: ConnectionTracker) -> [UInt8] {
    let outcome = Int(verdict.outcome.rawValue)
    while endings.count <= outcome { endings.append([]) }
    if endings[outcome].isEmpty { endings[outcome] = Array(ending(of: tracker[verdict.outcome]).utf8) }
    return Array("sallyport: frame \(frame), \(verdict.packetClass)".utf8) + endings[outcome]
      + Array(", state \(verdict.state)".utf8)
  }

  private func ending(of outcome: PathOutcome) -> String {
    let ending = RecordEnding(outcome, filter)
    var text = ""
    for name in ["stage", "code", "rule"] {
      if let value = ending[name] { text += ", \(name) \(value)" }
    }
    if let interface = ending["interface"] {
      let title = outcome.recordedStep(filter)?.interface.map { filter.title(of: filter.id(of: $0)) }
      text += ", \(ending["direction"] ?? "") at \(title ?? interface)"
    }
    return text
  }
}
