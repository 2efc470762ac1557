import NetworkTypes
import VirtualNetworks

extension AWSImporter {
  /// `describe-internet-gateways`
  mutating func internetGateway(_ record: AWSRecord) {
    guard let id = record.required("InternetGatewayId", of: "internet gateway") else { return }
    internetGateways.add(
      InternetGateway(id: id, vpc: attachedVPC(record, "Attachments"), attributes: record.attributes()), log)
  }

  /// `describe-egress-only-internet-gateways`
  mutating func egressOnlyGateway(_ record: AWSRecord) {
    guard let id = record.required("EgressOnlyInternetGatewayId", of: "egress-only internet gateway") else {
      return
    }
    egressOnlyGateways.add(
      EgressOnlyGateway(id: id, vpc: attachedVPC(record, "Attachments"), attributes: record.attributes()), log
    )
  }

  /// `describe-vpn-gateways`
  mutating func virtualPrivateGateway(_ record: AWSRecord) {
    guard let id = record.required("VpnGatewayId", of: "virtual private gateway") else { return }
    virtualPrivateGateways.add(
      VirtualPrivateGateway(
        id: id, vpc: attachedVPC(record, "VpcAttachments"), attributes: record.attributes()),
      log)
  }

  private func attachedVPC(_ record: AWSRecord, _ member: String) -> ResourceID? {
    record.records(member).first {
      ["available", "attached", "attaching", nil].contains($0.text("State"))
    }?.id("VpcId")
  }

  /// `describe-nat-gateways`
  mutating func natGateway(_ record: AWSRecord) {
    guard let id = record.required("NatGatewayId", of: "NAT gateway"),
      let vpc = record.required("VpcId", of: "NAT gateway", id)
    else { return }
    guard let subnet = record.id("SubnetId") else {
      log.add(
        .warning, "not_modelled", id, at: record.location,
        "a regional NAT gateway (without SubnetId) is not modelled; routes to it give the verdict unknown")
      return
    }
    natGateways.add(
      NATGateway(
        id: id, vpc: vpc, subnet: subnet, isPublic: record.text("ConnectivityType") != "private",
        state: record.text("State") ?? "available",
        addresses: record.records("NatGatewayAddresses").map { address in
          NATGateway.Address(
            networkInterface: address.id("NetworkInterfaceId"),
            privateAddress: address.address4("PrivateIp", of: id),
            publicAddress: address.address4("PublicIp", of: id))
        }, attributes: record.attributes()), log)
  }

  /// `describe-vpc-peering-connections`
  mutating func peeringConnection(_ record: AWSRecord) {
    guard let id = record.required("VpcPeeringConnectionId", of: "peering connection"),
      let requester = side(record, "RequesterVpcInfo", of: id),
      let accepter = side(record, "AccepterVpcInfo", of: id)
    else { return }
    peeringConnections.add(
      PeeringConnection(
        id: id, requester: requester, accepter: accepter,
        state: record.record("Status")?.text("Code") ?? "active", attributes: record.attributes()), log)
  }

  private func side(_ record: AWSRecord, _ member: String, of id: ResourceID) -> PeeringConnection.Side? {
    guard let side = record.record(member) else {
      _ = record.required(member, of: "peering connection", id)
      return nil
    }
    guard let vpc = side.required("VpcId", of: "peering connection's side", id) else { return nil }
    var blocks = side.records("CidrBlockSet").compactMap { $0.prefix("CidrBlock", of: id) }
    if blocks.isEmpty, let block = side.prefix("CidrBlock", of: id) { blocks.append(block) }
    blocks += side.records("Ipv6CidrBlockSet").compactMap { $0.prefix("Ipv6CidrBlock", of: id) }
    return PeeringConnection.Side(
      vpc: vpc, account: side.text("OwnerId"), region: side.text("Region"), blocks: blocks)
  }

  /// `describe-vpc-endpoints`
  mutating func endpoint(_ record: AWSRecord) {
    guard let id = record.required("VpcEndpointId", of: "VPC endpoint"),
      let vpc = record.required("VpcId", of: "VPC endpoint", id)
    else { return }
    let kind: VPCEndpoint.Kind =
      switch record.text("VpcEndpointType") {
      // Until 2017 there were no others, and no member to tell them apart.
      case "Gateway", nil: .gateway
      case "Interface": .interface
      case "GatewayLoadBalancer": .gatewayLoadBalancer
      case let other?: .other(other)
      }
    let service = record.text("ServiceName") ?? ""
    endpoints.add(
      VPCEndpoint(
        id: id, vpc: vpc, kind: kind, serviceName: service, state: record.text("State") ?? "available",
        routeTables: record.ids("RouteTableIds"), subnets: record.ids("SubnetIds"),
        networkInterfaces: record.ids("NetworkInterfaceIds"),
        groups: record.records("Groups").compactMap { $0.id("GroupId") }, attributes: record.attributes()),
      log)
  }

  /// `describe-vpn-connections`
  mutating func vpnConnection(_ record: AWSRecord) {
    guard let id = record.required("VpnConnectionId", of: "VPN connection") else { return }
    vpnConnections.add(
      VPNConnection(
        id: id, virtualPrivateGateway: record.id("VpnGatewayId"),
        transitGateway: record.id("TransitGatewayId"),
        customerGateway: record.id("CustomerGatewayId"), state: record.text("State") ?? "available",
        staticRoutes: record.records("Routes").filter { $0.text("State") != "deleted" }
          .compactMap { $0.prefix("DestinationCidrBlock", of: id) },
        attributes: record.attributes()), log)
  }
}
