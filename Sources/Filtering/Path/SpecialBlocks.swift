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

extension IPAddress {
  /// Whether an address is neither private nor link-local (RFC 1918, 6598, 3927, 4193, 4291).
  var isGlobal: Bool {
    switch self {
    case .v4(let address):
      !SpecialBlock.isRFC1918(address) && !SpecialBlock.isRFC6598(address) && !isLinkLocal
    case .v6(let address): !SpecialBlock.isUniqueLocal(address) && !isLinkLocal
    }
  }

  /// 169.254/16 or fe80::/10.
  var isLinkLocal: Bool {
    switch self {
    case .v4(let address): SpecialBlock.isLinkLocal(address)
    case .v6(let address): SpecialBlock.isLinkLocal(address)
    }
  }

  /// Nobody's address: 0.0.0.0 or ::.
  var isUnspecified: Bool {
    switch self {
    case .v4(let address): address == .zero
    case .v6(let address): address == .zero
    }
  }

  /// 224/4 and 255.255.255.255, or ff00::/8: VPCs carry neither multicast nor broadcast.
  var isMulticast: Bool {
    switch self {
    case .v4(let address): address.rawValue >> 28 == 0xe || address == .allOnes
    case .v6(let address): address.high >> 56 == 0xff
    }
  }
}
