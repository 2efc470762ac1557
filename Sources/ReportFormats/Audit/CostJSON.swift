import NetworkTypes
import TrafficAudit
import TrafficCosts

/// The member `costs` of an audit's JSON.
///
/// Prices and costs are numbers written out exactly as far as their digits go; a cost has twelve digits after the point.
struct CostJSON {
  private let costs: CostReport
  private let report: AuditReport

  init(_ costs: CostReport, _ report: AuditReport) {
    self.costs = costs
    self.report = report
  }

  var value: JSONText {
    let prices = costs.prices
    return .object([
      (
        "prices",
        .object([
          ("file", .string(prices.file)), ("date", .string(prices.date)),
          ("currency", .string(prices.currency)), ("per", .string(prices.unit.rawValue)),
        ])
      ),
      ("total", .raw(costs.total.text(digits: 12))),
      ("projection", projection),
      ("paths", .array(costs.priced.map(row))),
      ("unpriced", .array(costs.unpriced.map(row))),
      ("left_out", .array(costs.leftOut.map(leftOut))),
    ])
  }

  private var projection: JSONText {
    guard let cost = costs.projection(report) else { return .null }
    return .object([
      ("days", .integer(CostReport.projectedDays)), ("cost", .raw(cost)),
    ])
  }

  private func row(_ row: CostReport.Row) -> JSONText {
    var members: [(String, JSONText)] = [
      ("charge", .string(row.path.charge.rawValue)), ("resource", .optional(row.path.resource?.rawValue)),
      ("from", JSONText(row.path.from)), ("to", JSONText(row.path.to)),
      ("price_region", .optional(row.path.region)),
      ("packets", .integer(row.packets)), ("bytes", .integer(row.bytes)),
    ]
    if let price = row.price, let cost = row.cost {
      members += [("price", .raw(price.description)), ("cost", .raw(cost.text(digits: 12)))]
    }
    return .object(members)
  }

  private func leftOut(_ rest: CostReport.LeftOut) -> JSONText {
    .object([
      ("reason", .string(rest.reason.rawValue)), ("packets", .integer(rest.packets)),
      ("bytes", .integer(rest.bytes)),
    ])
  }
}

extension CostReport {
  /// The projection of an audit's total, with two digits after the point; nil where its captures are too short.
  func projection(_ report: AuditReport) -> String? {
    guard let first = report.captures.compactMap(\.firstTime).min(),
      let last = report.captures.compactMap(\.lastTime).max(),
      let cost = projection(from: first, to: last), cost < 1e15
    else { return nil }
    let cents = Int((cost * 100).rounded())
    let rest = String(cents % 100)
    return "\(cents / 100)." + (rest.count < 2 ? "0" : "") + rest
  }
}
