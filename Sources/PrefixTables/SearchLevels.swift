/// The bounds of a static tree over a line of 32-bit keys, level by level.
///
/// The root has up to sixteen bounds and tells apart up to seventeen intervals or children; every node below has fifteen
/// and one that no key passes. A bound is one less than the start of an interval, so that only keys above it are beyond,
/// and has its highest bit turned, so that bounds compare as signed numbers: SSE2 compares no others.
public struct SearchLevels: Sendable {
  /// How many children a node has.
  public static let fanout = 16
  /// What no key passes.
  public static let none = Int32.max

  public private(set) var root: [Int32]
  /// Below the root: sixteen bounds a node, node by node.
  public private(set) var levels: [[Int32]] = []

  /// Makes the tree of the intervals that begin at `starts`, which ascend; O(n).
  public init(_ starts: [UInt32]) {
    func bound(_ index: Int) -> Int32 {
      index < starts.count ? Int32(bitPattern: (starts[index] &- 1) ^ 0x8000_0000) : Self.none
    }
    var reach = 1
    while (starts.count - 1) / reach > Self.fanout { reach *= Self.fanout }
    root = (0..<(starts.count - 1) / reach).map { bound(($0 + 1) * reach) }
    while reach > 1 {
      let nodes = (starts.count + reach - 1) / reach
      reach /= Self.fanout
      levels.append(
        (0..<nodes * Self.fanout).map { place in
          (place + 1) % Self.fanout == 0 ? Self.none : bound((place + 1) * reach)
        })
    }
  }
}
