import NetworkTypes
import PolicyFormats
import VirtualNetworks

/// Reads the parts of a price file.
struct PriceReader {
  let log: YAMLProblemLog

  init(_ log: YAMLProblemLog) { self.log = log }

  /// `2026-11-23`
  func date(_ node: YAMLNode) throws(YAMLProblem) -> String {
    try node.value("a date: 2026-11-23") { text in
      let parts = text.split(separator: "-", omittingEmptySubsequences: false)
      return parts.map(\.count) == [4, 2, 2] && CaptureTime("\(text)T00:00:00Z") != nil ? text : nil
    }
  }

  func currency(_ node: YAMLNode) throws(YAMLProblem) -> String {
    try node.value("the three letters of a currency: USD") { text in
      text.count == 3 && text.utf8.allSatisfy { (0x41...0x5a).contains($0) } ? text : nil
    }
  }

  func unit(_ node: YAMLNode) throws(YAMLProblem) -> PriceList.Unit {
    try node.value("GB (10^9 bytes) or GiB (2^30 bytes)") { PriceList.Unit(rawValue: $0) }
  }

  func regions(_ node: YAMLNode) throws(YAMLProblem) -> [String: [Charge: PriceList.Rate]] {
    var regions: [String: [Charge: PriceList.Rate]] = [:]
    for member in try node.mapping("Regions: {us-east-1: {internet_out: 0.09}}").members {
      guard member.key == PriceList.any || Self.isRegion(member.key) else {
        log.add(
          at: member.keyLocation, "found \"\(member.key)\", expected the name of a Region (us-east-1), or any"
        )
        continue
      }
      let table = log.attempt { () throws(YAMLProblem) in try prices(member.value) }
      regions[member.key] = table ?? [:]
    }
    if regions.isEmpty { log.add(at: node.location, "found no Regions, expected one or more, or any") }
    return regions
  }

  private func prices(_ node: YAMLNode) throws(YAMLProblem) -> [Charge: PriceList.Rate] {
    let mapping = try node.mapping("prices: {internet_out: 0.09}")
    log.checkKeys(of: mapping, known: Charge.allCases.map(\.rawValue))
    var table: [Charge: PriceList.Rate] = [:]
    for member in mapping.members {
      guard let charge = Charge(rawValue: member.key) else { continue }
      table[charge] = log.attempt { () throws(YAMLProblem) in try rate(member.value, of: charge) }
    }
    return table
  }

  private func rate(_ node: YAMLNode, of charge: Charge) throws(YAMLProblem) -> PriceList.Rate {
    guard charge.hasPriceByRegion, case .mapping(let mapping) = node.content else {
      return .flat(try price(node))
    }
    var prices: [String: Price] = [:]
    for member in mapping.members {
      guard member.key == PriceList.any || Self.isRegion(member.key) else {
        log.add(
          at: member.keyLocation, "found \"\(member.key)\", expected the name of a Region (us-east-1), or any"
        )
        continue
      }
      prices[member.key] = log.attempt { () throws(YAMLProblem) in try price(member.value) }
    }
    return .byRegion(prices)
  }

  private func price(_ node: YAMLNode) throws(YAMLProblem) -> Price {
    try node.value("a price from 0 to \(Price.limit), with at most nine digits after the point: 0.09") {
      Price($0)
    }
  }

  /// `us-east-1`, `us-gov-west-1`: words, and a number at the end; a zone's name has a letter after that.
  private static func isRegion(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 3, let last = parts.last, !last.isEmpty else { return false }
    return last.utf8.allSatisfy { (0x30...0x39).contains($0) }
      && parts.dropLast().allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (0x61...0x7a).contains($0) } }
  }
}
