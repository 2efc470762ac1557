import NetworkTypes
import VirtualNetworks

extension ChangeReader {
  /// A new instance with one interface.
  func launch(_ value: YAMLNode) throws(YAMLProblem) -> NetworkChange {
    let mapping = try members(
      value,
      [
        "name", "id", "subnet", "private_ip", "ipv6", "public_ip", "elastic", "elastic_ip", "groups", "type",
        "key",
        "key_pair", "image", "state", "source_dest_check",
      ], apart: ["public_ip", "elastic_ip"])
    if let node = mapping["key"], mapping["key_pair"] != nil {
      throw YAMLProblem(at: node.location, found: "both \"key\" and \"key_pair\"", expected: "one of them")
    }
    let subnetID = try id(mapping.required("subnet"), .subnet)
    guard let subnet = network.subnets.first(where: { $0.id == subnetID }) else {
      throw try mapping.required("subnet").problem("a subnet")
    }
    let name = try mapping["name"]?.text()
    let own = try mapping["id"]?.text()
    guard let instance = own.map({ ResourceID($0) }) ?? name.map(freeInstanceID) else {
      throw YAMLProblem(at: value.location, found: "no key \"name\"", expected: "\"name: …\" or \"id: …\"")
    }
    var groups: [ResourceID] = []
    for group in mapping["groups"]?.listOrOne ?? [] { groups.append(try id(group, .securityGroup)) }
    let elastic = try mapping["elastic_ip"]?.publicAddress()
    let automatic = try mapping["public_ip"]?.publicAddress()
    let publicAddress = elastic ?? automatic
    // As the network has it: an address, and whose it is.
    let isElastic = try mapping["elastic"]?.bool() ?? (elastic != nil)
    if let node = mapping["elastic"], elastic != nil, !isElastic {
      throw YAMLProblem(
        at: node.location, found: "\"elastic: false\" with \"elastic_ip\"", expected: "\"public_ip: …\"")
    }
    if let node = mapping["elastic"], publicAddress == nil {
      throw YAMLProblem(
        at: node.location, found: "\"elastic\" without \"public_ip\"", expected: "\"public_ip: …\"")
    }
    let address = try mapping["private_ip"]?.ipv4Address()
    var ipv6: [IPv6Address] = []
    for node in mapping["ipv6"]?.listOrOne ?? [] { ipv6.append(try node.ipv6Address()) }
    guard address != nil || !ipv6.isEmpty else {
      throw YAMLProblem(at: value.location, found: "no key \"private_ip\"", expected: "\"private_ip: …\"")
    }
    // The states that a launch leads to (semantics LC-2).
    let state = try mapping["state"]?.word([InstanceState.pending, .running].map(\.description))
    var attributes = ResourceAttributes(
      account: subnet.attributes.account, region: subnet.attributes.region, location: value.location)
    attributes.tags = name.map { [Tag("Name", $0)] } ?? []
    let interface = NetworkInterface(
      id: freeInterfaceID(of: instance), vpc: subnet.vpc, subnet: subnet.id,
      ipv4Addresses: address.map {
        [.init($0, publicAddress: publicAddress, isElastic: isElastic)]
      } ?? [],
      ipv6Addresses: ipv6, groups: groups,
      sourceDestinationCheck: try mapping["source_dest_check"]?.bool() ?? true,
      deletesOnTermination: true, attributes: ResourceAttributes(location: value.location))
    return .run(
      Instance(
        id: instance, state: state.flatMap(InstanceState.init(name:)) ?? .running,
        instanceType: try mapping["type"]?.text() ?? "",
        image: try mapping["image"]?.text().asID,
        keyName: try (mapping["key_pair"] ?? mapping["key"])?.text(), attributes: attributes),
      [interface])
  }

  /// `i-NAME`; with a number behind it where an instance that was terminated, or is called otherwise, has that.
  private func freeInstanceID(_ name: String) -> ResourceID {
    let wanted = ResourceID("i-" + name)
    let holder = network.instances.first { $0.id == wanted }
    guard let holder, holder.state == .terminated || holder.attributes.name != name else { return wanted }
    return free(wanted) { id in network.instances.contains { $0.id == id } }
  }

  /// `eni-NEW` of the instance `i-NEW`.
  private func freeInterfaceID(of instance: ResourceID) -> ResourceID {
    let label = instance.rawValue
    let wanted = ResourceID("eni-" + (label.hasPrefix("i-") ? String(label.dropFirst(2)) : label))
    return free(wanted) { id in network.networkInterfaces.contains { $0.id == id } }
  }

  private func free(_ wanted: ResourceID, isTaken: (ResourceID) -> Bool) -> ResourceID {
    var id = wanted
    var number = 2
    while isTaken(id) {
      id = ResourceID("\(wanted)-\(number)")
      number += 1
    }
    return id
  }

  func association(_ value: YAMLNode) throws(YAMLProblem) -> NetworkChange {
    let mapping = try members(
      value, ["address", "instance", "interface", "private_ip"], apart: Self.bearers)
    let address = try address(mapping.required("address"))
    let target: NetworkChange.AddressAssociation.Target =
      if let node = mapping["instance"] {
        .instance(try id(node, .instance))
      } else {
        .interface(try id(mapping.required("interface"), .networkInterface))
      }
    return .associateAddress(
      .init(address, with: target, privateAddress: try mapping["private_ip"]?.ipv4Address()))
  }

  /// A public address, or the allocation of one.
  func address(_ node: YAMLNode) throws(YAMLProblem) -> IPv4Address {
    let text = try node.text("a public IPv4 address, or eipalloc-…")
    if let allocated = network.elasticAddresses.first(where: {
      $0.id.rawValue == text || $0.attributes.name == text
    }) {
      return allocated.publicAddress
    }
    return try node.publicAddress()
  }
}

extension YAMLNode {
  /// An IPv4 address that hosts of the internet may have (RFC 1918, 6598, 3927, 1122, 5771).
  fileprivate func publicAddress() throws(YAMLProblem) -> IPv4Address {
    let address = try ipv4Address()
    let first = address.rawValue >> 24
    guard !SpecialBlock.isRFC1918(address), !SpecialBlock.isRFC6598(address),
      !SpecialBlock.isLinkLocal(address), first != 0, first != 127, first < 224
    else { throw problem("a public IPv4 address") }
    return address
  }
}

extension String {
  fileprivate var asID: ResourceID { ResourceID(self) }
}
