import NetworkTypes
import VirtualNetworks

/// An instance as it is written: itself, and its primary interface where that needs no entry of its own.
struct InstanceDraft {
  var instance: Instance
  var primary: InterfaceDraft
  var interfaceID: ResourceID?
  var hasZone = false
  /// Interfaces with entries of their own, in order; nil where `interfaces` is not there.
  var interfaces: [(id: ResourceID, interface: NetworkInterface?)]?

  static func volume() -> NativeObject<Instance.Volume> {
    NativeObject(
      "volume", "An EBS volume of an instance.",
      [
        NativeKey("id", .text, "The id, vol-….", isRequired: true) { node, draft, _ throws(YAMLProblem) in
          draft.id = ResourceID(rawValue: try node.text("a volume's id"))
        } write: { draft, _ in
          .text(draft.id.rawValue)
        },
        .text("device", \.device, "The device: /dev/xvda."),
        .flag("root", \.isRoot, "Whether the instance boots from it."),
        .flag("delete_on_termination", \.deletesOnTermination, "Whether it goes with the instance."),
      ])
  }

  static func object(_ volume: NativeObject<Instance.Volume>) -> NativeObject<InstanceDraft> {
    NativeObject(
      "instance", "An instance with its interfaces.",
      [.id()] + InterfaceDraft.placed(\.primary) + [
        NativeKey("interface", .text, "The id of the interface that those keys describe.") {
          node, draft, _ throws(YAMLProblem) in
          draft.interfaceID = ResourceID(rawValue: try node.text("the id of an interface"))
        } write: { draft, _ in
          draft.interfaceID.map { .text($0.rawValue) }
        },
        NativeKey(
          "interfaces", .map(.nullable(.object("interface"))),
          "Its interfaces, the primary one first; an id alone names one that is described elsewhere."
        ) { node, draft, reading throws(YAMLProblem) in
          let mapping = try node.mapping()
          draft.interfaces = mapping.members.enumerated().map { place, member in
            reading.interface(member, place, of: draft.instance.id)
          }
        } write: { draft, writing in
          draft.interfaces.map { interfaces in
            .map(
              interfaces.enumerated().map { place, listed in
                writing.interface(listed.id, listed.interface, of: (draft.instance.id, place))
              })
          }
        },
        .word(
          "state", \.instance.state, InstanceState.allCases.map { ($0.description, $0) }, default: .running,
          "Its state."),
        .text("type", \.instance.instanceType, "The instance type: t3.micro."),
        NativeKey("image", .text, "The image that it was started from: ami-….") {
          node, draft, _ throws(YAMLProblem) in
          draft.instance.image = ResourceID(rawValue: try node.text("an image's id"))
        } write: { draft, _ in
          draft.instance.image.map { .text($0.rawValue) }
        },
        .text("key_pair", \.instance.keyName, "The name of its key pair."),
        .word(
          "root_device", \.instance.rootDevice, Instance.RootDevice.allCases.map { ($0.rawValue, $0) },
          default: .ebs, "What its root volume lies on."),
        .parts("volumes", \.instance.volumes, volume, empty: Instance.Volume(id: ""), "Its EBS volumes."),
        .flag("hibernation", \.instance.canHibernate, "Whether it was launched so that it can hibernate."),
        .flag(
          "termination_protection", \.instance.isProtectedFromTermination, "Whether it cannot be terminated."),
        .flag(
          "had_public_ip", \.instance.hadPublicAddress,
          "Of a stopped one: whether its next start gives it a public address."),
        NativeKey("zone", .nullable(.text), "The availability zone, where it is not the subnet's.") {
          node, draft, _ throws(YAMLProblem) in
          draft.instance.zone = node.isNull ? nil : try node.text("a zone")
          draft.hasZone = true
        } write: { draft, writing in
          let zone = draft.instance.zone
          return zone == writing.zone(of: draft.instance.subnet) ? nil : zone.map(YAMLValue.text) ?? .null
        },
        NativeKey("vpc", .nullable(.reference(.vpc)), "The VPC, where it is not the subnet's.") {
          node, draft, reading throws(YAMLProblem) in
          draft.instance.vpc = node.isNull ? nil : try reading.id(.vpc, node)
        } write: { draft, writing in
          guard let vpc = draft.instance.vpc, vpc != writing.vpc(of: draft.instance.subnet) else {
            return nil
          }
          return .text(writing.reference(.vpc, vpc))
        },
      ] + NativeKey.attributes(\.instance.attributes))
  }
}

extension NativeReading {
  /// An entry of an instance's `interfaces`.
  func interface(
    _ member: YAMLMapping.Member, _ place: Int, of instance: ResourceID?
  ) -> (id: ResourceID, interface: NetworkInterface?) {
    let id = Self.id(.networkInterface, member)
    if member.value.isNull { return (id, nil) }
    guard let mapping = log.attempt({ () throws(YAMLProblem) in try member.value.mapping() }) else {
      return (id, nil)
    }
    var draft = InterfaceDraft(
      interface: NetworkInterface(
        id: id, vpc: "", subnet: "", instance: instance, deviceIndex: instance == nil ? nil : place,
        attributes: attributes(.networkInterface, member)))
    keys.interface.read(mapping, into: &draft, self)
    if mapping["subnet"] == nil {
      log.add(at: mapping.location, "found no key \"subnet\", expected subnet: NAME")
    }
    finish(&draft, mapping, at: member.keyLocation)
    return (id, draft.interface)
  }

  /// Gives an interface the VPC of its subnet and notes whether it needs a group.
  func finish(_ draft: inout InterfaceDraft, _ mapping: YAMLMapping, at location: SourceLocation) {
    if mapping["vpc"] == nil { draft.interface.vpc = vpcOf[draft.interface.subnet] ?? "" }
    count(.networkInterface, draft.interface.id, at: location)
    if !draft.hasGroups && draft.interface.needsGroups { interfacesWithoutGroups.insert(draft.interface.id) }
  }
}

extension NativeWriting {
  /// An interface among those of its instance; its id alone where it is described elsewhere, or nowhere.
  func interface(
    _ id: ResourceID, _ interface: NetworkInterface?, of instance: (id: ResourceID, place: Int)
  ) -> (String, YAMLValue) {
    guard let interface else { return (id.rawValue, .null) }
    return entry(interface, of: instance)
  }

  /// An interface as an entry of a section, or of its instance.
  func entry(
    _ interface: NetworkInterface, of instance: (id: ResourceID, place: Int)? = nil
  ) -> (String, YAMLValue) {
    var draft = InterfaceDraft(interface: interface)
    if let instance, interface.instance == instance.id {
      draft.interface.instance = nil
      draft.deviceIndex = interface.deviceIndex == instance.place ? .implied : .told
    }
    return entry(.networkInterface, interface.id, home: interface.vpc) { writing in
      let isImplied = interface.vpc == writing.vpc(of: interface.subnet)
      return keys.interface.write(draft, writing).filter { $0.0 != "vpc" || !isImplied }
    }
  }
}
