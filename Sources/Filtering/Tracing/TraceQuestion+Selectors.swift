import NetworkTypes
import RuleMatching
import VirtualNetworks

extension TraceQuestion {
  /// A part of a question that stands for nothing in the network; `field` is its name in flow files.
  public struct Misfit: Error, Sendable, CustomStringConvertible {
    public var field: String
    public var error: SelectorError
    /// What else stands for nothing in the same question.
    public var others: [Misfit] = []
    public var all: [Misfit] { [self] + others }
    public var description: String { "\(field): \(error)" }
  }

  /// Makes a question of what its ends are called.
  ///
  /// - Parameter resolver: Of the network that the question will be asked of.
  public init(
    from: Selector, to: Selector, entersAt: Selector? = nil, service: ServiceKey, sourcePort: UInt16? = nil,
    isRoundTrip: Bool? = nil, in resolver: SelectorResolver
  ) throws(Misfit) {
    let (source, destination) = try Self.ends(from, to, resolver)
    if case .address(let first) = source, case .address(let second) = destination,
      first.family != second.family
    {
      let family = first.family == .v4 ? "IPv4" : "IPv6"
      throw Misfit(
        field: "to", error: .misplaced(to.text, expected: "an \(family) address, as \(from.text) is one"))
    }
    for (end, selector) in [(source, from), (destination, to)] {
      guard case .address(let address) = end, service.ipProtocol.hasICMPKind else { continue }
      let fitting: IPProtocol = address.family == .v4 ? .icmp : .icmpv6
      guard service.ipProtocol != fitting else { continue }
      throw Misfit(
        field: "protocol",
        error: .misplaced("\(service.ipProtocol)", expected: "\(fitting), as \(selector.text) is its address")
      )
    }
    let entrance: SelectorEntrance? = try Self.resolve("enters_at") { () throws(SelectorError) in
      guard let entersAt else { return nil }
      return try resolver.entrance(of: entersAt, from: source)
    }
    self.init(
      from: End(source), to: End(destination), entersAt: entrance.map(Entrance.init), service: service,
      sourcePort: sourcePort, isRoundTrip: isRoundTrip)
  }

  /// Both ends, or every one that is not there.
  private static func ends(
    _ from: Selector, _ to: Selector, _ resolver: SelectorResolver
  ) throws(Misfit) -> (SelectorEnd, SelectorEnd) {
    let source: SelectorEnd
    do {
      source = try resolve("from") { () throws(SelectorError) in try resolver.end(of: from) }
    } catch {
      var misfit = error
      do {
        _ = try resolve("to") { () throws(SelectorError) in try resolver.end(of: to) }
      } catch { misfit.others = [error] }
      throw misfit
    }
    return (source, try resolve("to") { () throws(SelectorError) in try resolver.end(of: to) })
  }

  private static func resolve<Value>(
    _ field: String, _ body: () throws(SelectorError) -> Value
  ) throws(Misfit) -> Value {
    do { return try body() } catch { throw Misfit(field: field, error: error) }
  }
}
