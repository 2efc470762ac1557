import PolicyFormats
import TestSupport
import Testing

@testable import TrafficCosts

@Suite struct PriceListTests {
  private static let head = "date: 2026-11-23\ncurrency: USD\nper: GB\n"

  private func list(_ regions: String) throws -> PriceList {
    try PriceList(parsing: Array((Self.head + regions).utf8), file: "prices.yaml")
  }

  @Test func aRegionsOwnPriceComesFirst() throws {
    let list = try list(
      """
      regions:
        eu-west-1: {zone_out: 0.01, region_out: {us-east-1: 0.02}}
        any: {zone_out: 0.5, region_out: {any: 0.125}, same_zone: 0}
      """)
    #expect(list.price(of: .zoneOut, in: "eu-west-1")?.description == "0.01")
    #expect(list.price(of: .zoneOut, in: "eu-north-1")?.description == "0.5")
    #expect(list.price(of: .zoneOut, in: nil)?.description == "0.5")
    #expect(list.price(of: .sameZone, in: "eu-west-1")?.description == "0")
    #expect(list.price(of: .regionOut, in: "eu-west-1", other: "us-east-1")?.description == "0.02")
    #expect(list.price(of: .regionOut, in: "eu-west-1", other: "us-east-2")?.description == "0.125")
    // Nothing is assumed: no price is not zero.
    #expect(list.price(of: .natGateway, in: "eu-west-1") == nil)
  }

  @Test(arguments: [
    ("regions: {eu-west-1: {zone_ou: 1}}", "4:23", "did you mean \"zone_out\"?"),
    ("regions: {eu-west-1: {zone_out: -1}}", "4:33", "found \"-1\", expected a price"),
    ("regions: {eu-west-1: {zone_out: 0.0123456789}}", "4:33", "nine digits"),
    ("regions: {eu-west-1: {zone_out: 1e3}}", "4:33", "expected a price"),
    ("regions: {eu-west-1: {zone_out: {any: 1}}}", "4:33", "found a mapping"),
    ("regions: {eu-west-1a: {zone_out: 1}}", "4:11", "expected the name of a Region"),
    ("regions: {eu-west-1: {region_out: {us-east-1: x}}}", "4:47", "found \"x\""),
    ("regions: {}", "4:10", "found no Regions"),
    ("region: {}", "4:1", "did you mean \"regions\"?"),
  ])
  func mistakesNameTheirPlace(_ text: String, _ place: String, _ message: String) {
    let error = #expect(throws: YAMLProblems.self) { try list(text) }
    #expect(error.map { "\($0)".contains("prices.yaml:\(place)") } == true, "\(error.map { "\($0)" } ?? "")")
    #expect(error.map { "\($0)".contains(message) } == true, "\(error.map { "\($0)" } ?? "")")
  }

  @Test func everyMistakeIsTold() {
    let error = #expect(throws: YAMLProblems.self) {
      try PriceList(
        parsing: Array("date: 2026-02-30\ncurrency: usd\nper: MB\nregions: {any: {peering: x}}".utf8),
        file: "p")
    }
    #expect(error?.all.map { $0.location.line } == [1, 2, 3, 4])
  }

  @Test func theExampleIsRead() throws {
    let list = try PriceList(path: Environment.fixture("prices/aws-2026-11-23.yaml"))
    #expect(list.date == "2026-11-23")
    #expect(list.unit.bytes == 1 << 30)
    #expect(list.namedRegions == ["eu-west-1", "us-east-1"])
  }

  // MARK: Amounts

  @Test func amountsAreExact() {
    // 0.1 has no exact binary form; a third of the way to overflow nothing is lost either.
    let price = Price("0.1")!
    var sum = Amount(unit: 1_000_000_000)
    for _ in 0..<10 { sum += Amount(price, bytes: 1_000_000_000, unit: 1_000_000_000) }
    #expect(sum.text(digits: 12) == "1.000000000000")
    let large = Amount(Price("1000000")!, bytes: .max, unit: 1 << 30)
    #expect(large.text(digits: 12) == "8589934591999999.999068677425")
    #expect(Amount(Price("0.09")!, bytes: 1, unit: 1 << 30).text(digits: 12) == "0.000000000084")
    #expect(Amount(Price("0.999999999")!, bytes: 1, unit: 1).text(digits: 2) == "1.00")
  }

  @Test(arguments: [("0", 2), ("1234.5", 2), ("12.345678", 2), ("0.09", 5), ("0.000012345", 8)])
  func digitsThatCanBeSeen(_ price: String, _ digits: Int) {
    #expect(Amount(Price(price)!, bytes: 1, unit: 1).usefulDigits == digits)
  }
}
