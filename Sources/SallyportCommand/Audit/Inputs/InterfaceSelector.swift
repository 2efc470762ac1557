import VirtualNetworks

/// Finds the interface that a person names: by its id, or by a name that only one interface has.
struct InterfaceSelector {
  private let interfaces: [(id: ResourceID, names: [String])]

  private let option: String

  /// - Parameter option: The option by which the name was given.
  init(_ network: VirtualNetwork, option: String = "--interface") {
    self.option = option
    interfaces = network.interfaceNames
  }

  /// Throws a ``Miss`` with the nearest names if there is none, or with the candidates if there are several.
  func find(_ name: String) throws(Miss) -> ResourceID {
    if let exact = interfaces.first(where: { $0.id.rawValue == name }) { return exact.id }
    let named = interfaces.filter { $0.names.contains(name) }
    if named.count > 1 {
      throw Miss(option: option, name: name, isAmbiguous: true, candidates: named.map(Self.label))
    }
    if let only = named.first { return only.id }
    let nearest = interfaces.enumerated().map { offset, interface in
      let distance = ([interface.id.rawValue] + interface.names).map { name.editDistance(to: $0) }.min() ?? 0
      return (distance, offset, Self.label(interface))
    }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
    throw Miss(option: option, name: name, isAmbiguous: false, candidates: nearest.prefix(5).map(\.2))
  }

  private static func label(_ interface: (id: ResourceID, names: [String])) -> String {
    interface.names.first.map { "\(interface.id) (\($0))" } ?? interface.id.rawValue
  }

  /// A name that stands for no interface, or for several.
  struct Miss: Error, CustomStringConvertible {
    var option: String
    var name: String
    var isAmbiguous: Bool
    var candidates: [String]

    var description: String {
      if candidates.isEmpty { return "\(option) \(name): the network has no interfaces" }
      let list = candidates.joined(separator: ", ")
      return isAmbiguous
        ? "\(option) \(name): \(candidates.count) interfaces have this name, name one by its id: \(list)"
        : "\(option) \(name): the network has no interface with this id or name; nearest: \(list)"
    }
  }
}

extension String {
  /// How many letters must be added, removed or replaced to get from one text to the other; case does not count.
  func editDistance(to other: String) -> Int {
    let (left, right) = (Array(lowercased()), Array(other.lowercased()))
    var row = Array(0...right.count)
    for (index, letter) in left.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for column in right.indices {
        let replaced = diagonal + (letter == right[column] ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = Swift.min(replaced, row[column] + 1, row[column + 1] + 1)
      }
    }
    return row[right.count]
  }
}
