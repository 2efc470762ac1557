import NetworkTypes

/// The cut of a family's addresses by a longest-prefix table.
struct LongestPrefixCut {
  private let family: IPFamily
  /// Where intervals begin in which every address has the same longest prefix.
  private let starts: [IntervalSet.Key]

  init(_ family: IPFamily, _ prefixes: [IPPrefix]) {
    self.family = family
    let last = IntervalSet.everything(family).runs[0].upperBound
    var starts: Set<IntervalSet.Key> = [0]
    for prefix in prefixes where prefix.family == family {
      starts.insert(prefix.first.key)
      if prefix.last.key < last { starts.insert(prefix.last.key + 1) }
    }
    self.starts = starts.sorted()
  }

  /// The addresses for which `effect` answers the same, for each of its answers but nil.
  func sets<Effect: Hashable>(by effect: (IPAddress) -> Effect?) -> [IntervalSet] {
    let last = IntervalSet.everything(family).runs[0].upperBound
    var runs: [Effect: [ClosedRange<IntervalSet.Key>]] = [:]
    for (index, start) in starts.enumerated() {
      guard let effect = effect(IPAddress(family, key: start)) else { continue }
      runs[effect, default: []].append(start...(index + 1 < starts.count ? starts[index + 1] - 1 : last))
    }
    return runs.values.map { IntervalSet($0) }
  }
}
