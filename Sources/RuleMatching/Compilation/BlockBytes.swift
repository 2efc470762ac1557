/// Reads numbers of a rule block at byte offsets that the block itself holds.
///
/// The only unsafe code of this module. A block is written whole by ``RuleBlockWriter`` and never changed, so its offsets
/// are as good as its writer; debug builds check each of them.
@safe
struct BlockBytes {
  private let base: UnsafeRawPointer
  #if DEBUG
    private let count: Int
  #endif

  @inline(__always)
  init(_ bytes: UnsafeRawBufferPointer) {
    unsafe base = bytes.baseAddress.unsafelyUnwrapped
    #if DEBUG
      count = bytes.count
    #endif
  }

  @inline(__always)
  private func load<Number: BitwiseCopyable>(_ offset: Int) -> Number {
    #if DEBUG
      precondition(offset >= 0 && offset + MemoryLayout<Number>.size <= count, "outside of the block")
    #endif
    return unsafe base.load(fromByteOffset: offset, as: Number.self)
  }

  @inline(__always) func byte(_ offset: Int) -> UInt8 { load(offset) }
  @inline(__always) func half(_ offset: Int) -> UInt16 { load(offset) }
  @inline(__always) func word(_ offset: Int) -> UInt32 { load(offset) }
  /// A word as an offset or a count.
  @inline(__always) func number(_ offset: Int) -> Int { Int(word(offset)) }

  /// Minus one in each lane whose bound at `offset` is lower than the key's, otherwise zero.
  @inline(__always)
  func passed(_ key: SIMD4<Int32>, _ offset: Int) -> SIMD4<Int32> {
    let bounds: SIMD4<Int32> = load(offset)
    // A mask is its lanes, all ones or all zeros.
    return unsafe unsafeBitCast(key .> bounds, to: SIMD4<Int32>.self)
  }
}
