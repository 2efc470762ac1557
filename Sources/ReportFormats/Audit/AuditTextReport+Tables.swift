import Filtering
import NetworkTypes
import TrafficAudit
import VirtualNetworks

extension AuditTextReport {
  // MARK: Denials

  func writeDenials(to canvas: inout TextCanvas) {
    let groups = DenialGroup.groups(of: report.denials)
    guard !groups.isEmpty else { return }
    let count = shown(groups.count, Limit.denials)
    canvas.heading(
      "DENIALS",
      groups.count == 1 ? "one group" : "\(Quantities.count(groups.count)) groups, most packets first")
    for (index, group) in groups.prefix(count).enumerated() {
      if index > 0 { canvas.line() }
      write(group, to: &canvas)
    }
    let rest = groups.dropFirst(count)
    guard !rest.isEmpty else { return }
    canvas.line()
    let packets = Quantities.count(rest.reduce(0) { $0 + $1.packets }, "packet")
    writeRest(rest.count, "groups with \(packets)", to: &canvas)
  }

  private func write(_ group: DenialGroup, to canvas: inout TextCanvas) {
    let denial = group.first
    let word = denial.direction == .ingress ? "from" : "to"
    canvas.line(
      "  " + StyledText("DENY", .boldRed) + "  "
        + StyledText("\(group.traffic) \(word) \(Self.text(of: denial.remote))", .bold)
        + StyledText(denial.remoteName.map { " (\($0))" } ?? ""),
      right: StyledText(Quantities.count(group.packets, "packet"), .bold))
    let place = denial.interface.map { interface in
      "\(denial.direction) at " + (denial.interfaceName.map { "\($0) (\(interface))" } ?? interface.rawValue)
    }
    canvas.line(
      "        \(place ?? "between interfaces (\(denial.stage))")",
      right: "\(Quantities.count(group.flows, "flow")), frame \(Quantities.count(denial.firstFrame))")
    canvas.paragraph(
      "        " + StyledText("\(denial.code.rawValue):", .yellow) + " ", denial.explanation, indent: 8)
  }

  /// One address without its length, or the block.
  private static func text(of prefix: IPPrefix) -> String {
    prefix.first == prefix.last ? prefix.first.description : prefix.description
  }

  // MARK: Interfaces

  func writeInterfaces(to canvas: inout TextCanvas) {
    guard !report.interfaces.isEmpty else { return }
    let count = shown(report.interfaces.count, Limit.interfaces)
    let interfaces = report.interfaces.prefix(count)
    let rows = interfaces.map { interface in
      [
        number(interface.ingress.allowed, .plain), number(interface.ingress.denied, .boldRed),
        number(interface.egress.allowed, .plain), number(interface.egress.denied, .boldRed),
      ]
    }
    let widths = (0..<4).map { column in 2 + max(7, rows.map { $0[column].width }.max() ?? 0) }
    let idWidth = max(2, interfaces.map { $0.id.rawValue.columns }.max() ?? 0)
    let wanted = max(4, interfaces.map { ($0.name ?? "-").columns }.max() ?? 0)
    let zones = interfaces.map(\.place.description)
    let zoneWidth = zones.map(\.columns).max() ?? 0
    var room = style.width - 4 - idWidth - widths.reduce(0, +)
    // A column of zones where names stay readable beside it; else the heading lists them.
    let showsZones = zoneWidth > 0 && room - zoneWidth - 2 >= min(wanted, 16)
    if showsZones { room -= zoneWidth + 2 }
    let nameWidth = max(4, min(wanted, room))
    canvas.heading("INTERFACES", "packets that reached each" + (showsZones ? "" : Self.list(zones)))
    let line = { (name: StyledText, id: StyledText, zone: StyledText, cells: [StyledText]) in
      let start = "  " + name.padded(to: nameWidth, style) + "  " + id.padded(to: idWidth, style)
      return zip(cells, widths).reduce(showsZones ? start + "  " + zone.padded(to: zoneWidth, style) : start)
      {
        $0 + $1.0.padded(to: $1.1, style, right: true)
      }
    }
    canvas.line(line("", "", "", ["ingress", "ingress", "egress", "egress"].map { StyledText($0, .dim) }))
    canvas.line(
      line(
        StyledText("name", .dim), StyledText("id", .dim), StyledText("zone", .dim),
        ["allowed", "denied", "allowed", "denied"].map { StyledText($0, .dim) }))
    for (index, interface) in interfaces.enumerated() {
      canvas.line(
        line(
          StyledText(interface.name ?? "-"), StyledText(interface.id.rawValue), StyledText(zones[index]),
          rows[index]))
    }
    writeRest(report.interfaces.count - count, "interfaces", to: &canvas)
  }

  /// `; in us-east-1a, us-east-1b`; with more than four zones how many.
  private static func list(_ zones: [String]) -> String {
    let known = Set(zones).subtracting([""]).sorted()
    if known.isEmpty { return "" }
    return known.count > 4 ? "; in \(known.count) zones" : "; in " + known.joined(separator: ", ")
  }

  private func number(_ value: Int, _ ink: Ink) -> StyledText {
    value == 0 ? StyledText("-", .dim) : StyledText(Quantities.count(value), ink)
  }

  // MARK: Rules

  func writeRules(to canvas: inout TextCanvas) {
    let used = report.rules.enumerated().filter { $0.element.tally.packets > 0 }
      .sorted { ($1.element.tally.packets, $0.offset) < ($0.element.tally.packets, $1.offset) }
      .map(\.element)
    guard !used.isEmpty else { return }
    let count = shown(used.count, Limit.rules)
    canvas.heading(
      "RULES IN USE",
      count < used.count
        ? "\(count) of \(Quantities.count(used.count)), most packets first: --verbose shows all"
        : "\(Quantities.count(used.count)), most packets first")
    let owners = used.prefix(count).map(Self.owner)
    let ownerWidth = min(24, owners.map(\.columns).max() ?? 0)
    canvas.line(StyledText("  packets   flows  rule", .dim))
    for (rule, owner) in zip(used, owners) {
      canvas.line(
        number(rule.tally.packets)
          + StyledText(Quantities.count(rule.tally.flows)).padded(to: 8, style, right: true)
          + "  " + StyledText(owner).padded(to: ownerWidth, style) + "  "
          + StyledText(rule.direction.description).padded(to: 9, style) + StyledText(Self.text(of: rule))
          + StyledText(rule.wasRemoved ? " (removed)" : "", .dim))
    }
  }

  func writeUnusedRules(to canvas: inout TextCanvas) {
    // The final deny of an ACL is no rule that anybody wrote, or could remove.
    let unused = report.rules.filter { $0.tally.packets == 0 && $0.id != "*" && !$0.wasRemoved }
    guard !unused.isEmpty else { return }
    let all = report.rules.count { $0.id != "*" }
    canvas.heading("UNUSED RULES", "\(Quantities.count(unused.count)) of \(Quantities.count(all))")
    var owners: [ResourceID] = []
    var rules: [ResourceID: [AuditReport.RuleUse]] = [:]
    let listed = showsAll ? unused : unused.filter(\.hadPackets)
    for rule in listed {
      if rules[rule.owner] == nil { owners.append(rule.owner) }
      rules[rule.owner, default: []].append(rule)
    }
    for owner in owners {
      guard let ofOwner = rules[owner], let first = ofOwner.first else { continue }
      canvas.line("  " + StyledText(first.ownerName.map { "\($0) (\(owner))" } ?? owner.rawValue))
      for direction in Direction.allCases {
        let texts = ofOwner.filter { $0.direction == direction }.map(Self.text)
        if texts.isEmpty { continue }
        let lead = StyledText("    \(direction)", .dim).padded(to: 13, style)
        canvas.paragraph(lead, texts.joined(separator: "; "), indent: 13)
      }
    }
    writeRest(
      unused.count - listed.count, "of groups and ACLs that no packet passed", to: &canvas)
  }

  private static func owner(_ rule: AuditReport.RuleUse) -> String { rule.ownerName ?? rule.owner.rawValue }

  /// The rule, with its number in an ACL; a group's rule is known by what it says.
  private static func text(of rule: AuditReport.RuleUse) -> String {
    rule.owner.rawValue.hasPrefix("acl-") ? "\(rule.id) \(rule.shortText)" : rule.shortText
  }
}
