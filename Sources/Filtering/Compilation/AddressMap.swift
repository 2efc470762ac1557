import NetworkTypes

/// Values by IPv4 address: what a walk asks several times of every packet, in a few steps each.
struct AddressMap<Value: Sendable>: Sendable {
  private var entries: [(address: IPv4Address, value: Value)] = []
  /// Places in ``entries``, by hashes of their addresses; -1 for none.
  private var places: [Int32] = Array(repeating: -1, count: 16)
  /// No input can be written so that its addresses fall into one place.
  private let factor = UInt64.random(in: .min ... .max) | 1

  @inline(__always)
  private func first(_ address: IPv4Address) -> Int {
    Int(truncatingIfNeeded: (UInt64(address.rawValue) &* factor) >> 32) & (places.count - 1)
  }

  @inline(__always)
  private func place(of address: IPv4Address) -> Int {
    var place = first(address)
    while places[place] >= 0, entries[Int(places[place])].address != address {
      place = (place + 1) & (places.count - 1)
    }
    return place
  }

  /// The value of an address, or nil.
  subscript(address: IPv4Address) -> Value? {
    @inline(__always) get {
      let index = places[place(of: address)]
      return index < 0 ? nil : entries[Int(index)].value
    }
  }

  /// Changes the value of an address, which is `initial` if there is none.
  mutating func change(_ address: IPv4Address, from initial: Value, _ body: (inout Value) -> Void) {
    var index = Int(places[place(of: address)])
    if index < 0 {
      index = entries.count
      entries.append((address, initial))
      if entries.count * 2 > places.count {
        places = Array(repeating: -1, count: places.count * 2)
        for (index, entry) in entries.enumerated() { places[place(of: entry.address)] = Int32(index) }
      } else {
        places[place(of: address)] = Int32(index)
      }
    }
    body(&entries[index].value)
  }
}
