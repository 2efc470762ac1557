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

  /// The borders that this file and ``SpecialBlock`` notice.
  static func addCuts(to cuts: inout AddressCuts) {
    let blocks = [
      ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], ["100.64.0.0/10"], ["169.254.0.0/16", "fe80::/10"],
      ["fc00::/7"], ["0.0.0.0/32", "::/128"], ["0.0.0.0/8"], ["127.0.0.0/8", "::1/128"],
      ["224.0.0.0/4", "255.255.255.255/32", "ff00::/8"],
      ["169.254.168.0/22", "fd00:ec2::/32"],
    ]
    for group in blocks { cuts.add(group.map { IPPrefix($0)! }) }
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

  /// Whether an address is for use inside networks (RFC 1918, 6598, 4193).
  var isPrivate: Bool { !isGlobal && !isLinkLocal }

  /// Whether packets with the address never leave a host or its link (RFC 1122, 3927, 4291).
  var isLocalOnly: Bool {
    switch self {
    case .v4(let address): isLinkLocal || address.rawValue >> 24 == 127 || address.rawValue >> 24 == 0
    case .v6(let address): isLinkLocal || address.high == 0 && address.low <= 1
    }
  }

  /// Whether no host of the internet has the address, besides those that gateways refuse with codes of their own.
  var isForeignToInternet: Bool {
    if case .v6(let address) = self, SpecialBlock.isUniqueLocal(address) { return true }
    return isLocalOnly || isMulticast
  }

  /// 169.254/16 or fe80::/10.
  var isLinkLocal: Bool {
    switch self {
    case .v4(let address): SpecialBlock.isLinkLocal(address)
    case .v6(let address): SpecialBlock.isLinkLocal(address)
    }
  }

  /// 169.254.168.0/22 and fd00:ec2::/32: no route forwards packets to them (semantics RT-9).
  var isServiceRange: Bool {
    switch self {
    case .v4(let address): address.rawValue >> 10 == 0xa9fe_a800 >> 10
    case .v6(let address): address.high >> 32 == 0xfd00_0ec2
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
