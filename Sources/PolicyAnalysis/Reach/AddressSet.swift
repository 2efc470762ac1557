import NetworkTypes

/// Addresses of both families.
package struct AddressSet: Sendable, Hashable {
  package var v4: IntervalSet
  package var v6: IntervalSet

  package init(v4: IntervalSet = .empty, v6: IntervalSet = .empty) {
    self.v4 = v4
    self.v6 = v6
  }

  package init(_ family: IPFamily, _ set: IntervalSet) {
    self.init(v4: family == .v4 ? set : .empty, v6: family == .v6 ? set : .empty)
  }

  package static let everything = AddressSet(v4: .everything(.v4), v6: .everything(.v6))

  package var isEmpty: Bool { v4.isEmpty && v6.isEmpty }

  package subscript(family: IPFamily) -> IntervalSet { family == .v4 ? v4 : v6 }

  package func union(_ other: AddressSet) -> AddressSet {
    AddressSet(v4: v4.union(other.v4), v6: v6.union(other.v6))
  }

  package func intersection(_ other: AddressSet) -> AddressSet {
    AddressSet(v4: v4.intersection(other.v4), v6: v6.intersection(other.v6))
  }
}
