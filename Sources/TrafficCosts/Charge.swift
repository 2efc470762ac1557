/// What bytes may be charged for on their way; the raw value is the key of a price file.
///
/// A path has one or more of them: from a zone to the NAT gateway of another one, through it, and to the internet.
public enum Charge: String, CaseIterable, Sendable, Hashable {
  /// Out of the VPC to the internet, by an internet or egress-only gateway.
  case internetOut = "internet_out"
  case internetIn = "internet_in"
  /// Between interfaces of one Region by way of their public addresses: at the sender.
  case publicAddressOut = "public_address_out"
  /// The same at the receiver.
  case publicAddressIn = "public_address_in"
  /// To an interface of another Region: at the sender.
  case regionOut = "region_out"
  /// The same at the receiver.
  case regionIn = "region_in"
  /// To an interface in another zone of the Region: at the sender.
  case zoneOut = "zone_out"
  /// The same at the receiver.
  case zoneIn = "zone_in"
  /// Between interfaces of one zone.
  case sameZone = "same_zone"
  /// Between interfaces of which the input does not tell whether they share a zone, or a Region.
  case placeUnknown = "place_unknown"
  /// Translated by a NAT gateway, either way.
  case natGateway = "nat_gateway"
  /// Handled by a network load balancer, either way.
  case loadBalancer = "load_balancer"
  /// Over a peering connection, besides what its zones or Regions cost.
  case peering = "peering"
  /// Sent into a transit gateway by anything but another transit gateway.
  case transitGateway = "transit_gateway"
  /// To or from a gateway endpoint.
  case gatewayEndpoint = "gateway_endpoint"
  /// To or from the interface of an endpoint.
  case interfaceEndpoint = "interface_endpoint"
  /// Out by a VPN connection or a virtual private gateway.
  case vpnOut = "vpn_out"
  case vpnIn = "vpn_in"
  /// Out to what lies beyond the input in another way.
  case outsideOut = "outside_out"
  /// In from beyond the input, where nothing tells by which way.
  case outsideIn = "outside_in"
  /// Traffic with the platform's own services: DNS, metadata, time.
  case platformService = "platform_service"

  /// Whether a price may depend on the other Region.
  var hasPriceByRegion: Bool { self == .regionOut || self == .regionIn }
}
