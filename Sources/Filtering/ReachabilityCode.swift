/// Why a packet is stopped, in the words of AWS Reachability Analyzer (semantics RA-8); raw values are its codes.
public enum ReachabilityCode: String, Sendable, Hashable, CaseIterable {
  // Security groups and ACLs.
  case groupRulesMismatch = "ENI_SG_RULES_MISMATCH"
  case groupHasNoRules = "SG_HAS_NO_RULES"
  case groupReferencesNotPreserved = "SG_REFERENCES_NOT_PRESERVED"
  case unknownPeeredGroups = "UNKNOWN_PEERED_SGS"
  case networkACL = "SUBNET_ACL_RESTRICTION"
  // Interfaces.
  case sourceDestinationCheck = "ENI_SOURCE_DEST_CHECK_RESTRICTION"
  case interfaceAddress = "ENI_ADDRESS_RESTRICTION"
  case spoofedSource = "GATEWAY_REJECTS_SPOOFED_TRAFFIC"
  case protocolRestriction = "PROTOCOL_RESTRICTION"
  // Routes.
  case noRoute = "NO_ROUTE_TO_DESTINATION"
  case badStateRoute = "BAD_STATE_ROUTE"
  case noPossibleDestination = "NO_POSSIBLE_DESTINATION"
  case unknownDestination = "UNKNOWN_DESTINATION"
  // Internet gateway.
  case gatewayDestinationInVPC = "IGW_DESTINATION_ADDRESS_IN_VPC_CIDRS"
  case gatewayEgressToRFC1918 = "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS"
  case gatewayEgressToRFC6598 = "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS"
  case gatewayIngressFromRFC1918 = "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS"
  case gatewayIngressFromRFC6598 = "IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS"
  case gatewayIngressNeedsPublicAddress = "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"
  case gatewayEgressNeedsPublicAddress = "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"
  // NAT gateway.
  case natSourceOutsideVPC = "NGW_REQUIRES_SOURCE_IN_VPC"
  case natDestinationPreserved = "NGW_DEST_ADDRESS_PRESERVATION"
  case natSourceReassigned = "NGW_SOURCE_ADDRESS_REASSIGN"
  // Peering, transit gateways, endpoints.
  case peeringAddressOutsideVPC = "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR"
  case badState = "BAD_STATE"
  case badStateAttachment = "BAD_STATE_ATTACHMENT"
  case transitNoAssociation = "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION"
  case transitZone = "TGW_ATTACH_VPC_AZ_RESTRICTION"
  case transitNoRoute = "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT"
  case transitCannotRoute = "TGW_RTB_CANNOT_ROUTE"
  case transitBadStateRoute = "TGW_RTB_BAD_STATE_ROUTE"
  case transitRoutesUnknown = "TGW_RTB_ROUTES_ARE_UNKNOWN"
  case endpointProtocol = "VPCE_GATEWAY_PROTOCOL_RESTRICTION"
  // Load balancers.
  case listenersMismatch = "ELBV2_LISTENERS_MISMATCH"
  case listenerHasNoTargets = "ELBV2_LISTENER_HAS_NO_TG"
  case noTargetsInZone = "ELBV2_NO_TARGETS_IN_AZ"
  case sourceAddressPreservation = "ELBV2_SOURCE_ADDRESS_PRESERVATION"
  // Configuration.
  case noPath = "NO_PATH"
  case unassociatedComponent = "UNASSOCIATED_COMPONENT"
  case unsupportedComponent = "UNSUPPORTED_COMPONENT"
  case unknownResource = "UNKNOWN_RESOURCE"
}
