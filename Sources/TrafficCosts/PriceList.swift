import PolicyFormats
import VirtualNetworks

/// Prices of traffic as a file tells them, by Region.
///
/// ```yaml
/// date: 2026-11-23          # when they were looked up
/// currency: USD
/// per: GiB                  # a price is for 2^30 bytes; GB: for 10^9
/// regions:
///   us-east-1:
///     internet_out: 0.09
///     zone_out: 0.01
///     region_out: {us-east-2: 0.01, any: 0.02}
///   any:                    # Regions that are not named, and resources whose Region the network does not tell
///     internet_in: 0
/// ```
///
/// What is not there has no price; nothing stands for zero but 0.
public struct PriceList: Sendable {
  /// How reports name the file.
  public var file: String
  /// When the prices were looked up: `2026-11-23`.
  public var date = ""
  /// `USD`
  public var currency = ""
  public var unit = Unit.gibibyte
  /// Prices by Region; `any` has those of all others.
  var regions: [String: [Charge: Rate]] = [:]

  /// What a price is for.
  public enum Unit: String, Sendable, CaseIterable {
    case gigabyte = "GB"
    case gibibyte = "GiB"

    public var bytes: Int { self == .gigabyte ? 1_000_000_000 : 1 << 30 }
  }

  /// One price, or one for each other Region.
  enum Rate: Sendable, Hashable {
    case flat(Price)
    case byRegion([String: Price])
  }

  static let any = "any"

  /// The price of a charge in a Region; nil where the file has none.
  ///
  /// - Parameter other: The Region at the other end, where it matters.
  public func price(of charge: Charge, in region: String?, other: String? = nil) -> Price? {
    let tables = [region.flatMap { regions[$0] }, regions[Self.any]]
    for case let table? in tables {
      switch table[charge] {
      case .flat(let price)?: return price
      case .byRegion(let prices)?:
        if let price = other.flatMap({ prices[$0] }) ?? prices[Self.any] { return price }
      case nil: continue
      }
    }
    return nil
  }

  /// Whether the file names a Region.
  public func names(_ region: String) -> Bool { regions[region] != nil }

  /// The Regions that the file names, sorted.
  public var namedRegions: [String] { regions.keys.filter { $0 != Self.any }.sorted() }

  public init(path: String) throws {
    try self.init(parsing: try TextFile.bytes(of: path), file: path == "-" ? "standard input" : path)
  }

  /// Throws ``YAMLProblems`` that say where.
  public init(parsing bytes: [UInt8], file: String) throws {
    self.file = file
    let document: YAMLDocument
    do { document = try YAMLDocument(parsing: bytes, file: file) } catch { throw YAMLProblems([error]) }
    let log = YAMLProblemLog(document.problems)
    _ = log.attempt { () throws(YAMLProblem) in
      let root = try document.root.mapping("a mapping with date, currency, per and regions")
      log.checkKeys(of: root, known: ["date", "currency", "per", "regions"])
      let reader = PriceReader(log)
      if let date = log.attempt({ () throws(YAMLProblem) in try reader.date(root.required("date")) }) {
        self.date = date
      }
      if let currency = log.attempt({ () throws(YAMLProblem) in
        try reader.currency(root.required("currency"))
      }) {
        self.currency = currency
      }
      if let unit = log.attempt({ () throws(YAMLProblem) in try reader.unit(root.required("per")) }) {
        self.unit = unit
      }
      regions = try reader.regions(root.required("regions"))
    }
    try log.throwIfAny()
  }
}
