import PrefixTables

/// The cut of one header field into classes on which every rule is constant.
///
/// The field's values form a line. The borders of what the rules ask for cut it into intervals; intervals in which the
/// same rules are satisfied make up one class, wherever they lie.
///
/// ```
/// rule 0        |-----------------|
/// rule 1              |----|
/// class    0    |  1  |  2 |  1   |     0
/// ```
public struct FieldClasses<Key: SearchKey>: Sendable {
  /// Where the intervals begin, ascending; the first is the line's first key. Neighbours are of different classes.
  public let starts: [Key]
  /// The class of each interval.
  public let classes: [Int32]
  /// One key of each class.
  public let witnesses: [Key]
  private let members: SequenceInterner

  /// How many classes there are; at least one.
  public var count: Int { witnesses.count }

  /// The class of `key`. Costs a binary search; matchers compile a faster one.
  public func index(of key: Key) -> Int { Int(classes[interval(of: key)]) }

  /// The interval that holds `key`.
  public func interval(of key: Key) -> Int {
    var low = 0
    var high = starts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if key < starts[middle] { high = middle } else { low = middle }
    }
    return low
  }

  /// The rules that a class satisfies as far as this field goes, ascending.
  public func rules(ofClass index: Int) -> ArraySlice<Int32> { members[index] }

  /// For each of `ruleCount` rules the classes that satisfy it, ascending: ``rules(ofClass:)`` turned around.
  func classes(ofRules ruleCount: Int) -> (bounds: [Int], classes: [Int32]) {
    var bounds = Array(repeating: 0, count: ruleCount + 1)
    for rule in members.storage { bounds[Int(rule) + 1] += 1 }
    for rule in 0..<ruleCount { bounds[rule + 1] += bounds[rule] }
    var next = bounds
    var classes = Array(repeating: Int32(0), count: members.storage.count)
    for index in 0..<count {
      for rule in members[index] {
        classes[next[Int(rule)]] = Int32(index)
        next[Int(rule)] += 1
      }
    }
    return (bounds, classes)
  }
}

/// A place on a field's line where what a rule asks for begins, or has just ended.
struct FieldBorder<Key: SearchKey> {
  var key: Key
  var rule: Int32
  var begins: Bool
}

extension FieldClasses {
  /// Cuts the line that begins at `first`. A rule may ask for several runs of keys, overlapping or not.
  ///
  /// Costs O(n log n) for the borders and O(rules that overlap) for each interval. Nil if the classes would list more
  /// than `memberLimit` rules in all.
  init?(first: Key, borders: [FieldBorder<Key>], memberLimit: Int = .max) {
    let borders = borders.sorted { $0.key < $1.key }
    var depth: [Int32] = Array(repeating: 0, count: 1 + Int(borders.lazy.map(\.rule).max() ?? -1))
    var active: [Int32] = []
    var members = SequenceInterner()
    var starts: [Key] = []
    var classes: [Int32] = []
    var witnesses: [Key] = []

    func begin(at key: Key) {
      let index = Int32(members.intern(active))
      if classes.last == index { return }
      starts.append(key)
      classes.append(index)
      if Int(index) == witnesses.count { witnesses.append(key) }
    }

    if borders.first?.key != first { begin(at: first) }
    var next = 0
    while next < borders.count {
      let key = borders[next].key
      var isCut = key == first
      while next < borders.count, borders[next].key == key {
        if Self.apply(borders[next], to: &active, depth: &depth) { isCut = true }
        next += 1
      }
      if isCut { begin(at: key) }
      if members.storage.count > memberLimit { return nil }
    }
    self.starts = starts
    self.classes = classes
    self.witnesses = witnesses
    self.members = members
  }

  /// Keeps `active` sorted; a rule stays active until as many of its runs have ended as have begun. Returns whether the
  /// rule became active or ceased to be.
  private static func apply(
    _ border: FieldBorder<Key>, to active: inout [Int32], depth: inout [Int32]
  ) -> Bool {
    let rule = Int(border.rule)
    let wasActive = depth[rule] > 0
    depth[rule] += border.begins ? 1 : -1
    if wasActive == (depth[rule] > 0) { return false }
    var place = 0
    var end = active.count
    while place < end {
      let middle = (place + end) / 2
      if active[middle] < border.rule { place = middle + 1 } else { end = middle }
    }
    if wasActive { active.remove(at: place) } else { active.insert(border.rule, at: place) }
    return true
  }
}
