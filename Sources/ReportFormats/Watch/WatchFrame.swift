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
  /// Alarms with their states; nil where there are none.
  public var alarms: [AlarmLight]?
  /// Where metrics are served.
  public var address: String?
  /// Messages of alarms that nobody got.
  public var undelivered = 0
  /// Lines of the terminal.
  public var rows = 24

  /// An alarm and the state that it is in.
  public struct AlarmLight: Sendable, Hashable {
    public var name: String
    public var state: String

    public init(name: String, state: String) {
      self.name = name
      self.state = state
    }
  }

  /// Lines of denials and of rules: what the terminal has beside the rest.
  private var listed: Int { max(1, (rows - 15 - (alarms == nil ? 0 : 3)) / 2) }

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
      StyledText("\(device)  \(time)", .bold) + StyledText("  Ctrl-C ends", .dim)
        + StyledText(address.map { "  " + $0 } ?? "", .dim),
      right: drops > 0 ? StyledText("\(Quantities.count(drops)) DROPPED", .boldRed) : nil)
    canvas.line()
    canvas.line(StyledText("                packets/s     bytes/s         packets       bytes", .dim))
    for (packetClass, name, ink) in Self.classes { writeRates(packetClass, name, ink, to: &canvas) }
    let flows = report.flows
    canvas.line(
      "  \(Quantities.count(flows.total, "flow")): \(Quantities.count(flows.allowed)) allowed, "
        + "\(Quantities.count(flows.denied)) denied")
    writeAlarms(to: &canvas)
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

  /// One line: those in ALARM by name, the others by number.
  private func writeAlarms(to canvas: inout TextCanvas) {
    guard let alarms else { return }
    let lit = alarms.filter { $0.state == "ALARM" }
    let quiet = alarms.count { $0.state == "OK" }
    let unknown = alarms.count - lit.count - quiet
    var counts = "\(Quantities.count(quiet)) OK"
    if unknown > 0 { counts += ", \(Quantities.count(unknown)) without data" }
    if undelivered > 0 { counts += ", \(Quantities.count(undelivered, "message")) not delivered" }
    canvas.heading("ALARMS", counts)
    let names = lit.prefix(8).map(\.name).joined(separator: ", ") + (lit.count > 8 ? ", …" : "")
    if !lit.isEmpty {
      canvas.line("  " + StyledText("ALARM", .boldRed) + "  " + StyledText(names, .bold))
    }
  }

  private func writeDenials(to canvas: inout TextCanvas) {
    let groups = DenialGroup.groups(of: report.denials)
    canvas.heading("TOP DENIALS", groups.isEmpty ? "none" : "of \(Quantities.count(groups.count, "group"))")
    for group in groups.prefix(listed) {
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
    for rule in used.prefix(listed) {
      let number = rule.owner.rawValue.hasPrefix("acl-") ? rule.id + " " : ""
      canvas.line(
        StyledText(Quantities.count(rule.tally.packets)).padded(to: 10, style, right: true)
          + "  \(rule.ownerName ?? rule.owner.rawValue)  \(rule.direction.description)  \(number)\(rule.shortText)"
      )
    }
  }
}
