/// Outcomes, each once, in the order in which they came: a hash table of their places.
struct OutcomeList: Sendable {
  private(set) var outcomes: [PathOutcome] = []
  /// Places in ``outcomes``, by their fingerprints.
  private var places: [UInt32] = Array(repeating: Self.empty, count: 64)

  private static var empty: UInt32 { .max }

  var count: Int { outcomes.count }

  subscript(number: Int) -> PathOutcome {
    @inline(__always) get { outcomes[number] }
  }

  /// The number of an outcome that is in the list, or nil.
  func number(of outcome: PathOutcome) -> UInt32? {
    var place = Int(truncatingIfNeeded: outcome.fingerprint) & (places.count - 1)
    while places[place] != Self.empty {
      let number = places[place]
      if outcomes[Int(number)] == outcome { return number }
      place = (place + 1) & (places.count - 1)
    }
    return nil
  }

  /// Adds an outcome that is not in the list; returns its number.
  mutating func append(_ outcome: PathOutcome) -> UInt32 {
    let number = UInt32(outcomes.count)
    outcomes.append(outcome)
    if outcomes.count * 2 > places.count {
      places = Array(repeating: Self.empty, count: places.count * 2)
      for (number, outcome) in outcomes.enumerated() { insert(UInt32(number), outcome.fingerprint) }
    } else {
      insert(number, outcome.fingerprint)
    }
    return number
  }

  private mutating func insert(_ number: UInt32, _ fingerprint: UInt64) {
    var place = Int(truncatingIfNeeded: fingerprint) & (places.count - 1)
    while places[place] != Self.empty { place = (place + 1) & (places.count - 1) }
    places[place] = number
  }
}
