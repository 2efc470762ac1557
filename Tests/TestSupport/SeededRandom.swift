/// SplitMix64: the same numbers on every machine for one seed.
public struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// A new seed each run, printed so that a failure can be run again with `SALLYPORT_SEED=…`.
  public static func fresh(_ label: String) -> SeededRandom {
    let seed = Environment.seed ?? UInt64.random(in: 1...UInt64(UInt32.max))
    print("\(label): SALLYPORT_SEED=\(seed)")
    return SeededRandom(seed: seed)
  }
}
