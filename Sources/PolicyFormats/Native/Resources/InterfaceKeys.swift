import NetworkTypes
import VirtualNetworks

/// A network interface as it is written.
struct InterfaceDraft {
  var interface: NetworkInterface
  var hasGroups = false
  /// The public address of the primary private one.
  var publicAddress: IPv4Address?
  /// Whether its place among the interfaces of its instance is that in the list.
  var deviceIndex = DeviceIndex.optional

  enum DeviceIndex { case implied, told, optional }

  static let kinds: [(String, NetworkInterface.Kind)] = [
    ("standard", .standard), ("nat_gateway", .natGateway), ("network_load_balancer", .networkLoadBalancer),
    ("gateway_load_balancer", .gatewayLoadBalancer), ("transit_gateway", .transitGateway),
    ("vpc_endpoint", .interfaceEndpoint), ("gateway_load_balancer_endpoint", .gatewayLoadBalancerEndpoint),
    ("lambda", .lambda),
  ]

  static func object() -> NativeObject<InterfaceDraft> {
    NativeObject(
      "interface", "A network interface.",
      [.id(), .vpc(\.interface.vpc)] + placed(\.self)
        + [
          .word(
            "type", \.interface.kind, kinds, default: .standard,
            other: (make: { .other($0) }, text: { if case .other(let text) = $0 { text } else { nil } }),
            "What it belongs to: \(kinds.map(\.0).joined(separator: ", "))."),
          .reference("instance", .instance, \.interface.instance, "The instance that it is attached to."),
          NativeKey(
            "device_index", .nullable(.integer(0...1000)),
            "Its place among the interfaces of its instance, 0 for the primary one; without it that in the list."
          ) { node, draft, _ throws(YAMLProblem) in
            draft.interface.deviceIndex =
              node.isNull ? nil : try node.integer(in: NetworkInterface.deviceIndexes)
          } write: { draft, _ in
            if draft.deviceIndex == .implied { return nil }
            return draft.interface.deviceIndex.map(YAMLValue.number)
              ?? (draft.deviceIndex == .told ? .null : nil)
          },
          .flag("attached", \.interface.isAttached, default: true, "Whether it is attached to anything."),
          .flag("deleted", \.interface.isDeleted, "Whether it went with its instance."),
          .flag("managed", \.interface.isRequesterManaged, "Whether an AWS service made it."),
        ] + NativeKey.attributes(\.interface.attributes))
  }

  /// Where an interface stands and what is tied to it: the keys that an instance has, too.
  static func placed<Draft>(_ path: WritableKeyPath<Draft, InterfaceDraft>) -> [NativeKey<Draft>] {
    [
      NativeKey("subnet", .reference(.subnet), "The subnet.") { node, draft, reading throws(YAMLProblem) in
        draft[keyPath: path].interface.subnet = try reading.id(.subnet, node)
      } write: { draft, writing in
        let subnet = draft[keyPath: path].interface.subnet
        return subnet.rawValue.isEmpty ? nil : .text(writing.reference(.subnet, subnet))
      },
      NativeKey(
        "private_ip", .oneOrMany(.either([.address, .object("private_address")])),
        "Its private IPv4 addresses, the primary one first."
      ) { node, draft, reading throws(YAMLProblem) in
        draft[keyPath: path].interface.ipv4Addresses = node.listOrOne.compactMap { element in
          reading.log.attempt { () throws(YAMLProblem) in try reading.privateAddress(element) }
        }
      } write: { draft, writing in
        .oneOrMany(
          draft[keyPath: path].interface.ipv4Addresses.enumerated().map { place, address in
            // What belongs to the primary one stands beside it.
            var rest = address
            if place == 0 { (rest.publicAddress, rest.isElastic) = (nil, false) }
            let members = writing.keys.privateAddress.write(rest, writing)
            return members.count == 1 ? members[0].1 : .map(members)
          })
      },
      NativeKey("public_ip", .address, "The public address of the primary private one.") {
        node, draft, _ throws(YAMLProblem) in
        draft[keyPath: path].publicAddress = try node.ipv4Address()
        if draft[keyPath: path].interface.ipv4Addresses.isEmpty {
          throw YAMLProblem(
            at: node.location, "found a public address without private_ip, to which it belongs")
        }
        draft[keyPath: path].interface.ipv4Addresses[0].publicAddress = draft[keyPath: path].publicAddress
      } write: { draft, _ in
        draft[keyPath: path].interface.ipv4Addresses.first?.publicAddress.map { .text($0.description) }
      },
      NativeKey(
        "elastic", .flag, "Whether that public address is an Elastic one, which a stop does not take away."
      ) {
        node, draft, _ throws(YAMLProblem) in
        let isElastic = try node.bool()
        if !draft[keyPath: path].interface.ipv4Addresses.isEmpty {
          draft[keyPath: path].interface.ipv4Addresses[0].isElastic = isElastic
        }
      } write: { draft, _ in
        draft[keyPath: path].interface.ipv4Addresses.first?.isElastic ?? false ? .flag(true) : nil
      },
      NativeKey("ipv6", .oneOrMany(.address), "Its IPv6 addresses.") { node, draft, reading in
        draft[keyPath: path].interface.ipv6Addresses = node.listOrOne.compactMap { element in
          reading.log.attempt { () throws(YAMLProblem) in try element.ipv6Address() }
        }
      } write: { draft, _ in
        .oneOrMany(draft[keyPath: path].interface.ipv6Addresses.map { .text($0.description) })
      },
      .blocks(
        "prefixes", path.appending(path: \.interface.delegatedPrefixes),
        "Delegated blocks (/28, /80): all of their addresses are its own."),
      NativeKey(
        "groups", .oneOrMany(.reference(.securityGroup)),
        "Its security groups; without them the default group of the VPC."
      ) { node, draft, reading in
        draft[keyPath: path].interface.groups = reading.ids(.securityGroup, node)
        draft[keyPath: path].hasGroups = true
      } write: { draft, writing in
        let interface = draft[keyPath: path].interface
        if interface.groups.isEmpty { return interface.needsGroups ? .list([]) : nil }
        return .list(interface.groups.map { .text(writing.reference(.securityGroup, $0)) })
      },
      .flag(
        "source_dest_check", path.appending(path: \.interface.sourceDestinationCheck), default: true,
        "Whether packets to and from foreign addresses are dropped."),
      .flag(
        "delete_on_termination", path.appending(path: \.interface.deletesOnTermination),
        "Whether it goes when its instance is terminated."),
      .text("description", path.appending(path: \.interface.summary), "What the interface is for."),
    ]
  }

  /// A second private address with a public one.
  static func privateAddress() -> NativeObject<NetworkInterface.PrivateAddress> {
    NativeObject(
      "private_address", "A private address with its public one.",
      [
        NativeKey("ip", .address, "The private address.", isRequired: true) {
          node, draft, _ throws(YAMLProblem) in
          draft.address = try node.ipv4Address()
        } write: { draft, _ in
          .text(draft.address.description)
        },
        .ipv4("public_ip", \.publicAddress, "The public address that is translated to it."),
        .flag("elastic", \.isElastic, "Whether that is an Elastic one."),
        .flag(
          "unknown_public_ip", \.hasUnknownPublicAddress, "Whether it has a public address that is not known."
        ),
      ])
  }
}

extension NativeReading {
  func privateAddress(_ node: YAMLNode) throws(YAMLProblem) -> NetworkInterface.PrivateAddress {
    guard case .mapping(let mapping) = node.content else {
      return NetworkInterface.PrivateAddress(try node.ipv4Address())
    }
    var address = NetworkInterface.PrivateAddress(.zero)
    keys.privateAddress.read(mapping, into: &address, self)
    return address
  }
}

extension NetworkInterface {
  /// Whether it would get the default group of its VPC if it had none (semantics SG-7).
  var needsGroups: Bool { kind == .standard && !isRequesterManaged }
}
