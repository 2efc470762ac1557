import NetworkTypes

/// What internet gateways refuse because of an address alone (semantics AD-13).
enum SpecialBlocks {
  static func egressCode(_ destination: IPv4Address) -> ReachabilityCode? {
    if SpecialBlock.isRFC1918(destination) { return .gatewayEgressToRFC1918 }
    return SpecialBlock.isRFC6598(destination) ? .gatewayEgressToRFC6598 : nil
  }

  static func ingressCode(_ source: IPv4Address) -> ReachabilityCode? {
    if SpecialBlock.isRFC1918(source) { return .gatewayIngressFromRFC1918 }
    return SpecialBlock.isRFC6598(source) ? .gatewayIngressFromRFC6598 : nil
  }
}
