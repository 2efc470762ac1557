/// Numbers distinct sequences of integers in the order in which they first come, and keeps them end to end.
struct SequenceInterner {
  /// The sequences, one after the other.
  private(set) var storage: [Int32] = []
  /// Where each sequence begins in `storage`, and where the last one ends.
  private(set) var bounds: [Int] = [0]
  /// Open addressing by hash; -1 for a free slot, otherwise the sequence's number.
  private var slots: [Int32] = Array(repeating: -1, count: 64)

  var count: Int { bounds.count - 1 }

  subscript(index: Int) -> ArraySlice<Int32> { storage[bounds[index]..<bounds[index + 1]] }

  /// The number of `sequence`: a new one if it has not come before. Costs O(length).
  mutating func intern(_ sequence: [Int32]) -> Int {
    var slot = Int(truncatingIfNeeded: Self.hash(sequence)) & (slots.count - 1)
    while slots[slot] >= 0 {
      if isEqual(Int(slots[slot]), sequence) { return Int(slots[slot]) }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = Int32(count)
    storage += sequence
    bounds.append(storage.count)
    if count * 2 > slots.count { grow() }
    return count - 1
  }

  private func isEqual(_ index: Int, _ sequence: [Int32]) -> Bool {
    let first = bounds[index]
    guard bounds[index + 1] - first == sequence.count else { return false }
    for offset in sequence.indices where storage[first + offset] != sequence[offset] { return false }
    return true
  }

  private mutating func grow() {
    slots = Array(repeating: -1, count: slots.count * 4)
    for index in 0..<count {
      var slot = Int(truncatingIfNeeded: Self.hash(self[index])) & (slots.count - 1)
      while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(index)
    }
  }

  private static func hash(_ sequence: some Sequence<Int32>) -> UInt64 {
    var hash: UInt64 = 0x9e37_79b9_7f4a_7c15
    for element in sequence {
      hash = (hash ^ UInt64(UInt32(bitPattern: element))) &* 0xbf58_476d_1ce4_e5b9
      hash ^= hash >> 29
    }
    return hash ^ hash >> 32
  }
}
