import Filtering
import NetworkTypes
import TrafficAudit

/// The dashboard of live traffic at one moment: rates, the denials with most packets, the rules in use.
///
/// Fits 80 columns and 24 lines.
public struct WatchFrame: Sendable {
  /// What is watched: `eth0`.
  public var device: String
  /// What was judged up to now, and up to the frame before.
  public var report: AuditReport
  public var earlier: AuditReport
  /// Seconds since the beginning, and since the frame before.
  public var elapsed: Double
  public var interval: Double
  /// Packets that nobody took in time.
  public var drops: Int
  public var style: TextStyle

  /// Lines of denials and of rules.
  static let listed = 5

  public init(
    device: String, report: AuditReport, earlier: AuditReport, elapsed: Double, interval: Double, drops: Int,
    style: TextStyle
  ) {
    self.device = device
    self.report = report
    self.earlier = earlier
    self.elapsed = elapsed
    self.interval = interval
    self.drops = drops
    self.style = style
  }

  public func text() -> String {
    var canvas = TextCanvas(style)
    let time = Quantities.duration(nanoseconds: Int64(elapsed * 1e9))
    canvas.line(
      StyledText("\(device)  \(time)", .bold) + StyledText("  Ctrl-C ends", .dim),
      right: drops > 0 ? StyledText("\(Quantities.count(drops)) DROPPED", .boldRed) : nil)
    canvas.line()
    canvas.line(StyledText("                packets/s     bytes/s         packets       bytes", .dim))
    for (packetClass, name, ink) in Self.classes { writeRates(packetClass, name, ink, to: &canvas) }
    let flows = report.flows
    canvas.line(
      "  \(Quantities.count(flows.total, "flow")): \(Quantities.count(flows.allowed)) allowed, "
        + "\(Quantities.count(flows.denied)) denied")
    writeDenials(to: &canvas)
    writeRules(to: &canvas)
    return canvas.text
  }

  private static let classes: [(PacketClass, String, Ink)] = [
    (.allow, "ALLOWED", .green), (.deny, "DENIED", .boldRed), (.exempt, "exempt", .plain),
    (.unknown, "unknown", .yellow), (.unplaced, "unplaced", .yellow), (.undecoded, "undecoded", .yellow),
  ]

  private func writeRates(
    _ packetClass: PacketClass, _ name: String, _ ink: Ink, to canvas: inout TextCanvas
  ) {
    let (packets, bytes) = (report.packets[packetClass], report.bytes[packetClass])
    let newPackets = packets - earlier.packets[packetClass]
    let cells = [
      (Quantities.count(rate(newPackets)), 15),
      (Quantities.bytes(rate(bytes - earlier.bytes[packetClass])), 12), (Quantities.count(packets), 16),
      (Quantities.bytes(bytes), 12),
    ]
    let start = "  " + StyledText(name, packets > 0 ? ink : .dim).padded(to: 10, style)
    canvas.line(cells.reduce(start) { $0 + StyledText($1.0).padded(to: $1.1, style, right: true) })
  }

  private func rate(_ count: Int) -> Int { interval > 0 ? Int((Double(count) / interval).rounded()) : 0 }

  private func writeDenials(to canvas: inout TextCanvas) {
    let groups = DenialGroup.groups(of: report.denials)
    canvas.heading("TOP DENIALS", groups.isEmpty ? "none" : "of \(Quantities.count(groups.count, "group"))")
    for group in groups.prefix(Self.listed) {
      let denial = group.first
      let interface = denial.interfaceName ?? denial.interface?.rawValue ?? "between interfaces"
      let remote =
        denial.remoteName
        ?? (denial.remote.first == denial.remote.last
          ? denial.remote.first.description : denial.remote.description)
      let words =
        denial.direction == .ingress ? "\(remote) -> \(interface)" : "\(interface) -> \(remote)"
      canvas.line(
        StyledText(Quantities.count(group.packets)).padded(to: 10, style, right: true) + "  "
          + StyledText("\(group.traffic)  \(words)", .bold)
          + StyledText("  \(denial.code.rawValue)", .yellow))
    }
  }

  private func writeRules(to canvas: inout TextCanvas) {
    let used = report.rules.enumerated().filter { $0.element.tally.packets > 0 }
      .sorted { ($1.element.tally.packets, $0.offset) < ($0.element.tally.packets, $1.offset) }
      .map(\.element)
    canvas.heading(
      "RULES IN USE", "\(Quantities.count(used.count)) of \(Quantities.count(report.rules.count))")
    for rule in used.prefix(Self.listed) {
      let number = rule.owner.rawValue.hasPrefix("acl-") ? rule.id + " " : ""
      canvas.line(
        StyledText(Quantities.count(rule.tally.packets)).padded(to: 10, style, right: true)
          + "  \(rule.ownerName ?? rule.owner.rawValue)  \(rule.direction.description)  \(number)\(rule.shortText)"
      )
    }
  }
}
