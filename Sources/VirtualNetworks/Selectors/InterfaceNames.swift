extension VirtualNetwork {
  /// What people call each interface: its own Name tag, its instance's, and that instance's id.
  package var interfaceNames: [(id: ResourceID, names: [String])] {
    let instances = Dictionary(
      instances.map { ($0.id, $0.attributes.name) }, uniquingKeysWith: { first, _ in first })
    return networkInterfaces.map { interface in
      let instance = interface.instance
      let names = [interface.attributes.name, instance.flatMap { instances[$0] ?? nil }, instance?.rawValue]
      return (interface.id, names.compactMap { $0 })
    }
  }
}
