import NetworkTypes
import VirtualNetworks

extension AWSImporter {
  /// `elbv2 describe-load-balancers`
  mutating func loadBalancer(_ record: AWSRecord) {
    guard let id = record.required("LoadBalancerArn", of: "load balancer") else { return }
    let kind: LoadBalancer.Kind =
      switch record.text("Type") {
      case "network": .network
      case "application": .application
      case "gateway": .gateway
      case let other: .other(other ?? "")
      }
    var attributes = record.attributes(region: AWSRegion.ofARN(id.rawValue))
    attributes.account = attributes.account ?? AWSRegion.account(ofARN: id.rawValue)
    loadBalancers.add(
      LoadBalancer(
        id: id, balancerName: record.text("LoadBalancerName") ?? "", kind: kind,
        isInternetFacing: record.text("Scheme") == "internet-facing", vpc: record.id("VpcId"),
        state: record.record("State")?.text("Code") ?? "active",
        zones: record.records("AvailabilityZones").compactMap { zone(of: id, $0) },
        groups: record.ids("SecurityGroups"), attributes: attributes), log)
  }

  private func zone(of id: ResourceID, _ record: AWSRecord) -> LoadBalancer.Zone? {
    guard let subnet = record.id("SubnetId") else { return nil }
    var addresses: [IPAddress] = []
    for entry in record.records("LoadBalancerAddresses") {
      if let address = entry.address4("IpAddress", of: id) { addresses.append(.v4(address)) }
      if let address = entry.address4("PrivateIPv4Address", of: id) { addresses.append(.v4(address)) }
      if let address = entry.address6("IPv6Address", of: id) { addresses.append(.v6(address)) }
    }
    return LoadBalancer.Zone(name: record.text("ZoneName") ?? "", subnet: subnet, addresses: addresses)
  }

  /// `elb describe-load-balancers`: classic ones are not modelled.
  mutating func classicLoadBalancer(_ record: AWSRecord) {
    log.add(
      .warning, "not_modelled", record.id("LoadBalancerName"), at: record.location,
      "a classic load balancer is not modelled; its interfaces are judged like any others")
  }

  /// `elbv2 describe-listeners`
  mutating func listener(_ record: AWSRecord) {
    guard let balancer = record.required("LoadBalancerArn", of: "listener"),
      let id = record.required("ListenerArn", of: "listener", balancer)
    else { return }
    // A listener of a gateway load balancer has neither port nor protocol.
    guard let number = record.integer("Port") else { return }
    guard let port = UInt16(exactly: number) else {
      log.add(
        .error, "invalid_ports", balancer, at: record.location.appending(".Port"),
        "the listener's port is \(number); expected 1 to 65535; it is left out")
      return
    }
    var groups: [ResourceID] = []
    for action in record.records("DefaultActions") {
      let forwarded = action.record("ForwardConfig")?.records("TargetGroups").compactMap {
        $0.id("TargetGroupArn")
      }
      for group in [action.id("TargetGroupArn")].compactMap({ $0 }) + (forwarded ?? [])
      where !groups.contains(group) {
        groups.append(group)
      }
    }
    let listener = LoadBalancer.Listener(
      id: id, port: port, listenerProtocol: record.text("Protocol") ?? "", targetGroups: groups)
    if listenerIDs.insert(id).inserted { listeners[balancer, default: []].append(listener) }
  }

  /// `elbv2 describe-target-groups`
  mutating func targetGroup(_ record: AWSRecord) {
    guard let id = record.required("TargetGroupArn", of: "target group") else { return }
    let kind: TargetGroup.Kind =
      switch record.text("TargetType") {
      case "instance", nil: .instance
      case "ip": .address
      case "lambda": .lambda
      case "alb": .loadBalancer
      case let other?: .other(other)
      }
    var attributes = record.attributes(region: AWSRegion.ofARN(id.rawValue))
    attributes.account = attributes.account ?? AWSRegion.account(ofARN: id.rawValue)
    targetGroups.add(
      TargetGroup(
        id: id, groupName: record.text("TargetGroupName") ?? "",
        port: record.integer("Port").flatMap(UInt16.init(exactly:)),
        groupProtocol: record.text("Protocol") ?? "", kind: kind, vpc: record.id("VpcId"),
        attributes: attributes),
      log)
  }

  /// An answer of `elbv2 describe-target-health`, or an element of a collection of them.
  mutating func targetHealth(_ record: AWSRecord) {
    guard let group = record.id("TargetGroupArn") else {
      log.add(
        .warning, "targets_of_unknown_group", at: record.location.appending(".TargetHealthDescriptions"),
        "the targets do not say which group is theirs; put \"TargetGroupArn\" beside TargetHealthDescriptions"
      )
      return
    }
    for entry in record.records("TargetHealthDescriptions") {
      guard let target = entry.record("Target"), let id = target.text("Id") else { continue }
      let read = TargetGroup.Target(
        id: id, port: target.integer("Port").flatMap(UInt16.init(exactly:)),
        zone: target.text("AvailabilityZone"),
        health: entry.record("TargetHealth")?.text("State"))
      if !(targets[group]?.contains(read) ?? false) { targets[group, default: []].append(read) }
    }
  }

  /// An element of a collection of `describe-load-balancer-attributes` or `describe-target-group-attributes`.
  mutating func balancerAttributes(_ record: AWSRecord) {
    guard let id = record.id("LoadBalancerArn") ?? record.id("TargetGroupArn") else { return }
    for attribute in record.records("Attributes") {
      switch attribute.text("Key") {
      case "load_balancing.cross_zone.enabled": crossZone[id] = attribute.flag("Value")
      case "preserve_client_ip.enabled": preservesClient[id] = attribute.flag("Value")
      default: break
      }
    }
  }
}
