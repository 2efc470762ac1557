import NetworkTypes

/// Many compiled lists end to end in one piece of memory, for questions that go to another list each time.
///
/// With ten thousand lists nothing that a lookup reads is in the near caches. Here a list is found by its number without a
/// pointer, and a batch first touches the beginnings of the lists that it will ask, so that the processor waits for many
/// of them at a time.
public struct PackedRules: Sendable {
  private var vectors: [SIMD4<UInt32>] = []
  /// Where each list begins in `vectors`.
  private var starts: [UInt32] = []
  private var lengths: [UInt32] = []
  /// Vectors of lists that were replaced.
  private var unused = 0

  public init() {}

  /// How many lists there are.
  public var count: Int { starts.count }

  /// The size of all lists in bytes.
  public var byteCount: Int { vectors.count * BlockLayout.vectorSize + starts.count * 8 }

  /// Adds a list and returns its number.
  ///
  /// - Precondition: all lists together stay below 64 GiB.
  public mutating func append(_ rules: CompiledRules) -> Int {
    append(rules.vectors[...])
    return starts.count - 1
  }

  /// Puts another list in the place of one; costs as much as the new list, and now and then a copy of all.
  public mutating func replace(_ list: Int, with rules: CompiledRules) {
    unused += Int(lengths[list])
    starts[list] = UInt32(vectors.count)
    lengths[list] = UInt32(rules.vectors.count)
    vectors += rules.vectors
    if unused > vectors.count / 2 { pack() }
  }

  /// Leaves out what belongs to no list any more.
  private mutating func pack() {
    var packed = PackedRules()
    for (start, length) in zip(starts, lengths) {
      packed.append(vectors[Int(start)..<Int(start + length)])
    }
    self = packed
  }

  private mutating func append(_ list: ArraySlice<SIMD4<UInt32>>) {
    starts.append(UInt32(vectors.count))
    lengths.append(UInt32(list.count))
    vectors += list
  }

  @inline(__always)
  private func read<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    unsafe vectors.withUnsafeBytes { unsafe body($0) }
  }

  @inline(__always)
  private func reader(_ bytes: UnsafeRawBufferPointer, _ list: Int) -> BlockReader {
    let start = Int(starts[list]) &* BlockLayout.vectorSize
    return unsafe BlockReader(BlockBytes(UnsafeRawBufferPointer(rebasing: bytes[start...])))
  }

  /// Index of the first rule of a list that matches traffic with `remote`, or -1.
  public func firstMatch(in list: Int, remote: IPv4Address, service: ServiceKey) -> Int32 {
    unsafe read { unsafe reader($0, list).firstMatch(remote, service) }
  }

  /// Index of the first rule of a list that matches traffic with `remote`, or -1.
  public func firstMatch(in list: Int, remote: IPv6Address, service: ServiceKey) -> Int32 {
    unsafe read { unsafe reader($0, list).firstMatch(remote, service) }
  }

  /// Puts the index of the first rule that matches each packet in its list, or -1, into `results`.
  ///
  /// - Precondition: the spans have equal counts, and every list is one of these.
  public func firstMatches(
    in lists: Span<UInt32>, remotes: Span<IPv4Address>, services: Span<ServiceKey>,
    into results: inout MutableSpan<Int32>
  ) {
    precondition(
      lists.count == remotes.count && lists.count == services.count && lists.count == results.count)
    unsafe read { bytes in
      var first = 0
      while first < lists.count {
        let end = min(first &+ 16, lists.count)
        var touched: Int32 = 0
        for index in first..<end { touched |= unsafe reader(bytes, Int(lists[index])).touch() }
        // Lengths are never so long: the reads stay, and nothing is changed by them.
        if touched == .min { return }
        for index in first..<end {
          results[index] = unsafe reader(bytes, Int(lists[index])).firstMatch(remotes[index], services[index])
        }
        first = end
      }
    }
  }
}
