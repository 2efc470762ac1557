import NetworkTypes

/// Looks the first matching rule up in one contiguous block without pointers.
///
/// A lookup is a search among address intervals, a search among service intervals and a read or two, whatever the number
/// of rules; nothing is allocated. Copies share the block. A list of sixty rules takes about 1.5 KB.
public struct CompiledRules: RuleMatcher {
  let vectors: [SIMD4<UInt32>]
  /// How many cells the products of both families have before rows that are alike share them.
  public let cellCount: Int
  /// Into how many consecutive lists the rules were cut to keep each product below the limit; nearly always one.
  public let segmentCount: Int

  /// What one product may hold; most policies need a few thousand cells.
  public static let defaultCellLimit = 1 << 20

  public init(_ rules: [ResolvedRule]) { self.init(rules, cellLimit: Self.defaultCellLimit) }

  /// Compiles `rules`. A list whose product would pass `cellLimit` cells in a family is cut in half, and each half is
  /// asked in turn: the answers are the same.
  public init(_ rules: [ResolvedRule], cellLimit: Int) {
    var segments: [RuleSegment] = []
    Self.append(rules[...], cellLimit, to: &segments)
    vectors = RuleBlockWriter.vectors(segments)
    cellCount = segments.reduce(0) { $0 + $1.cellCount }
    segmentCount = segments.count
  }

  private static func append(
    _ rules: ArraySlice<ResolvedRule>, _ cellLimit: Int, to segments: inout [RuleSegment]
  ) {
    if let segment = RuleSegment(Array(rules), firstRule: rules.startIndex, cellLimit: cellLimit) {
      segments.append(segment)
      return
    }
    let middle = rules.startIndex + rules.count / 2
    append(rules[..<middle], cellLimit, to: &segments)
    append(rules[middle...], cellLimit, to: &segments)
  }

  /// The size of the block in bytes.
  public var byteCount: Int { vectors.count * BlockLayout.vectorSize }

  @inline(__always)
  func read<Result>(_ body: (BlockReader) -> Result) -> Result {
    unsafe vectors.withUnsafeBytes { unsafe body(BlockReader(BlockBytes($0))) }
  }

  /// Index of the first rule that matches traffic with `remote`, or -1.
  public func firstMatch(remote: IPv4Address, service: ServiceKey) -> Int32 {
    read { $0.firstMatch(remote, service) }
  }

  /// Index of the first rule that matches traffic with `remote`, or -1.
  public func firstMatch(remote: IPv6Address, service: ServiceKey) -> Int32 {
    read { $0.firstMatch(remote, service) }
  }

  public func firstMatch(remote: IPAddress, service: ServiceKey) -> Int? {
    let rule =
      switch remote {
      case .v4(let address): firstMatch(remote: address, service: service)
      case .v6(let address): firstMatch(remote: address, service: service)
      }
    return rule < 0 ? nil : Int(rule)
  }

  public func possibleMatches(remote: IPAddress, services: ClosedRange<ServiceKey>) -> [Int?] {
    let keys = read { $0.serviceCuts(in: services) }.union([services.lowerBound])
    return Set(keys.map { firstMatch(remote: remote, service: $0) }).sorted { ($0 ?? .max) < ($1 ?? .max) }
  }
}
