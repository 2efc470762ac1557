/// Finds what a misspelt name may have meant.
package enum NearestNames {
  /// At most `limit` of `names` that resemble `text`, the nearest first: a few letters off, or beginning like it.
  package static func find(_ text: String, among names: some Sequence<String>, limit: Int = 5) -> [String] {
    let wanted = Array(text.lowercased().utf8)
    let tolerance = wanted.count <= 3 ? 1 : wanted.count < 9 ? 2 : 3
    var found: [(distance: Int, name: String)] = []
    for name in Set(names) {
      let other = Array(name.lowercased().utf8)
      if let distance = distance(wanted, other, atMost: tolerance) {
        found.append((distance, name))
      } else if wanted.count >= 2
        && (other.starts(with: wanted) || wanted.starts(with: other) && other.count >= 2)
      {
        found.append((tolerance + 1, name))
      }
    }
    return found.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(limit).map(\.name)
  }

  /// Letters to insert, remove, replace or swap with the next to turn one name into the other; nil if more than `limit`.
  static func distance(_ left: [UInt8], _ right: [UInt8], atMost limit: Int) -> Int? {
    guard abs(left.count - right.count) <= limit else { return nil }
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for index in left.indices {
      var row = [index + 1]
      for column in right.indices {
        let replaced = last[column] + (left[index] == right[column] ? 0 : 1)
        var least = min(replaced, last[column + 1] + 1, row[column] + 1)
        if index > 0, column > 0, left[index] == right[column - 1], left[index - 1] == right[column] {
          least = min(least, beforeLast[column - 1] + 1)
        }
        row.append(least)
      }
      (beforeLast, last) = (last, row)
      if min(last.min() ?? 0, beforeLast.min() ?? 0) > limit { return nil }
    }
    return last[right.count] <= limit ? last[right.count] : nil
  }
}

/// A name with `*` for any characters.
package struct NamePattern: Sendable {
  private let parts: [Substring]
  package var isGlob: Bool { parts.count > 1 }

  package init(_ text: String) { parts = text.split(separator: "*", omittingEmptySubsequences: false) }

  package func matches(_ name: String) -> Bool {
    guard isGlob, let first = parts.first, let last = parts.last else {
      return parts.first.map { $0 == name } ?? false
    }
    guard name.count >= first.count + last.count, name.hasPrefix(first), name.hasSuffix(last) else {
      return false
    }
    // What stands between the stars is found from the left: the earliest place leaves most for the rest.
    var rest = name.dropFirst(first.count).dropLast(last.count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let range = rest.firstRange(of: part) else { return false }
      rest = rest[range.upperBound...]
    }
    return true
  }
}
