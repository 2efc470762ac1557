import TrafficAudit
import TrafficCosts
import VirtualNetworks

/// What the traffic costs.
extension AuditTextReport {
  /// Columns of bytes, price and cost, and what stands before the words.
  private static let widths = (bytes: 11, price: 8, cost: 15)
  private static let indent = widths.bytes + widths.price + widths.cost + 2

  func writeCosts(to canvas: inout TextCanvas) {
    guard let costs else { return }
    let prices = costs.prices
    canvas.heading("COSTS", "prices of \(prices.date) in \(prices.currency) per \(prices.unit.rawValue)")
    let digits = costs.total.usefulDigits
    canvas.line(cells("bytes", "price", "cost") + StyledText("  path", .dim))
    let count = shown(costs.priced.count, Limit.costs)
    for row in costs.priced.prefix(count) {
      let lead = cells(
        Quantities.bytes(row.bytes), row.price?.description ?? "",
        row.cost.map { $0.isZero ? "0" : $0.text(digits: digits) } ?? "")
      canvas.paragraph(lead + "  ", Self.words(row), indent: Self.indent)
    }
    writeRest(costs.priced.count - count, "paths with a price", to: &canvas)
    writeTotal(costs, digits, to: &canvas)
    writeUnpriced(costs, to: &canvas)
  }

  private func cells(_ bytes: String, _ price: String, _ cost: String) -> StyledText {
    StyledText(bytes).padded(to: Self.widths.bytes, style, right: true)
      + StyledText(price).padded(to: Self.widths.price, style, right: true)
      + StyledText(cost).padded(to: Self.widths.cost, style, right: true)
  }

  private func writeTotal(_ costs: CostReport, _ digits: Int, to canvas: inout TextCanvas) {
    let lead =
      StyledText("", .plain).padded(to: Self.widths.bytes + Self.widths.price, style)
      + StyledText(costs.total.text(digits: digits), .bold).padded(to: Self.widths.cost, style, right: true)
    var words = "\(costs.prices.currency) in all"
    if let projection = costs.projection(report) {
      words += "; at this rate \(projection) in \(CostReport.projectedDays) days"
    }
    canvas.paragraph(lead + "  ", words, indent: Self.indent)
  }

  private func writeUnpriced(_ costs: CostReport, to canvas: inout TextCanvas) {
    if costs.unpriced.isEmpty && costs.leftOut.isEmpty { return }
    canvas.line("  without a price:")
    let indent = Self.widths.bytes + 2
    let lead = { (bytes: Int) in
      StyledText(Quantities.bytes(bytes), .yellow).padded(to: Self.widths.bytes, style, right: true) + "  "
    }
    let count = shown(costs.unpriced.count, Limit.costs)
    for row in costs.unpriced.prefix(count) {
      canvas.paragraph(
        lead(row.bytes), "\(Self.words(row)): \(Self.lack(row, costs.prices))", indent: indent)
    }
    writeRest(costs.unpriced.count - count, "paths without a price", to: &canvas)
    for rest in costs.leftOut {
      canvas.paragraph(lead(rest.bytes), Self.words(rest.reason), indent: indent)
    }
  }

  // MARK: Words

  private static func words(_ row: CostReport.Row) -> String {
    let path = row.path
    let resource = path.resource.map { row.resourceName ?? $0.rawValue }
    let by = resource.map { " by \(row.isEgressOnly ? "egress-only " : "")\($0)" } ?? ""
    let named = resource.map { " \($0)" } ?? ""
    let (from, to) = (place(path.from), place(path.to))
    let home = path.from ?? path.to
    let at = home.map { $0.description.isEmpty ? "" : ", \($0)" } ?? ""
    return switch path.charge {
    case .internetOut: "to the internet\(by)\(at)"
    case .internetIn: "from the internet\(by)\(at)"
    case .publicAddressOut: "to a public address of the Region, \(from) to \(to)"
    case .publicAddressIn: "from a public address of the Region, \(from) to \(to)"
    case .regionOut: "out to another Region, \(from) to \(to)"
    case .regionIn: "in from another Region, \(from) to \(to)"
    case .zoneOut: "out to another zone, \(from) to \(to)"
    case .zoneIn: "in from another zone, \(from) to \(to)"
    case .sameZone: "inside a zone, \(from)"
    case .placeUnknown: "between zones that the network does not tell, \(from) to \(to)"
    case .natGateway: "through NAT gateway\(named)\(at)"
    case .loadBalancer: "through load balancer\(named)\(at)"
    case .peering: "over peering\(named.isEmpty ? "" : named), \(from) to \(to)"
    case .transitGateway: "through transit gateway\(named)\(at)"
    case .gatewayEndpoint: "\(path.from == nil ? "from" : "to") gateway endpoint\(named)\(at)"
    case .interfaceEndpoint: "interface endpoint\(named), \(from) to \(to)"
    case .vpnOut: "out by VPN\(named)\(at)"
    case .vpnIn: "in by VPN\(named)\(at)"
    case .outsideOut: "out beyond the network\(by)\(at)"
    case .outsideIn: "in from beyond the network\(by)\(at)"
    case .platformService: "platform services\(at)"
    }
  }

  private static func place(_ place: ResourcePlace?) -> String {
    guard let text = place?.description, !text.isEmpty else { return "somewhere" }
    return text
  }

  /// Which price is not there.
  private static func lack(_ row: CostReport.Row, _ prices: PriceList) -> String {
    let charge = row.path.charge.rawValue
    guard let region = row.path.region else {
      return "no Region is known, and the prices have no \(charge) for any"
    }
    return prices.names(region)
      ? "the prices have no \(charge) for \(region)"
      : "the prices have no \(region), and no \(charge) for any"
  }

  private static func words(_ reason: CostReport.LeftOut.Reason) -> String {
    switch reason {
    case .denied: "denied: what is stopped is not priced"
    case .unknown: "unknown: the input lacks what decides, so also the path"
    case .unplaced: "unplaced: no address of the network"
    case .undecoded: "undecoded"
    case .seenAgain: "seen again behind a NAT gateway or load balancer; priced once, as seen in front of it"
    }
  }
}
