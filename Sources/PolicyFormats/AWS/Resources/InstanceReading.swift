import NetworkTypes
import VirtualNetworks

extension AWSImporter {
  /// `describe-instances`: reservations hold the instances and know their owner.
  mutating func reservation(_ record: AWSRecord) {
    for instance in record.records("Instances") { self.instance(instance, account: record.text("OwnerId")) }
  }

  mutating func instance(_ record: AWSRecord, account: String? = nil) {
    guard let id = record.required("InstanceId", of: "instance") else { return }
    let zone = record.record("Placement")?.text("AvailabilityZone")
    var attributes = record.attributes(region: zone.flatMap(AWSRegion.ofZone))
    attributes.account = attributes.account ?? account
    var interfaces: [ResourceID] = []
    for entry in record.records("NetworkInterfaces") {
      guard var interface = interface(entry, of: id) else { continue }
      interface.attributes.region = attributes.region
      interfaces.append(interface.id)
      interfacesOfInstances.append(interface)
    }
    instances.add(
      Instance(
        id: id, state: state(record, of: id), vpc: record.id("VpcId"), subnet: record.id("SubnetId"),
        networkInterfaces: interfaces, instanceType: record.text("InstanceType") ?? "",
        image: record.id("ImageId"), keyName: record.text("KeyName"), zone: zone,
        rootDevice: record.text("RootDeviceType").flatMap(Instance.RootDevice.init(rawValue:)) ?? .ebs,
        volumes: volumes(record),
        canHibernate: record.record("HibernationOptions")?.flag("Configured") ?? false,
        attributes: attributes), log)
  }

  /// EBS volumes; an instance's own disks are not told.
  private func volumes(_ record: AWSRecord) -> [Instance.Volume] {
    let root = record.text("RootDeviceName")
    return record.records("BlockDeviceMappings").compactMap { mapping in
      guard let ebs = mapping.record("Ebs"), let id = ebs.id("VolumeId") else { return nil }
      let device = mapping.text("DeviceName") ?? ""
      return Instance.Volume(
        id: id, device: device, isRoot: device == root,
        deletesOnTermination: ebs.flag("DeleteOnTermination") ?? false)
    }
  }

  /// The state by its name, or by the low byte of its code; the high byte is for AWS alone (semantics LC-1).
  private func state(_ record: AWSRecord, of id: ResourceID) -> InstanceState {
    guard let state = record.record("State") else { return .running }
    let name = state.text("Name")
    if let named = name.flatMap(InstanceState.init(name:)) { return named }
    if let coded = state.integer("Code").flatMap(InstanceState.init(code:)) { return coded }
    log.add(
      .error, "invalid_instance_state", id, at: record.location.appending(".State"),
      "the state is \"\(name ?? "")\"; expected \(InstanceState.allCases.map(\.description).joined(separator: ", "))"
    )
    return .running
  }

  /// `describe-addresses`
  mutating func elasticAddress(_ record: AWSRecord) {
    guard let address = record.address4("PublicIp", of: nil) else {
      // An address of an IPv6 or carrier pool has no PublicIp; nothing here uses it.
      if !record.has("PublicIp") {
        log.add(
          .note, "not_modelled", record.id("AllocationId"), at: record.location, "an address without PublicIp"
        )
      }
      return
    }
    elasticAddresses.add(
      ElasticAddress(
        id: record.id("AllocationId") ?? ResourceID(rawValue: address.description), publicAddress: address,
        networkInterface: record.id("NetworkInterfaceId"), instance: record.id("InstanceId"),
        privateAddress: record.address4("PrivateIpAddress", of: nil),
        association: record.id("AssociationId"),
        attributes: record.attributes(
          region: record.text("NetworkBorderGroup").flatMap { AWSRegion.ofZone($0 + "a") },
          owner: "NetworkInterfaceOwnerId")), log)
  }
}
