import NetworkTypes
import VirtualNetworks

/// Who has an address: private, public, secondary, IPv6 and delegated ones.
struct AddressOwners: Sendable {
  /// An interface, and whether the address asked for is its public face.
  struct Owner: Sendable, Hashable {
    var interface: InterfaceIndex
    /// The private address behind a public one; nil when the address asked for is private.
    var privateAddress: IPv4Address?
    var isPublic: Bool { privateAddress != nil }
  }

  private var ipv4: [IPv4Address: [Owner]] = [:]
  private var ipv6: [IPv6Address: [Owner]] = [:]
  /// Delegated prefixes are few and long; those of one length share a dictionary.
  private var delegated: [DelegatedKey: [Owner]] = [:]
  private var delegatedLengths: [IPFamily: Set<Int>] = [:]

  private struct DelegatedKey: Hashable {
    var prefix: IPPrefix
  }

  init(_ model: VirtualNetwork) {
    for (position, interface) in model.networkInterfaces.enumerated() {
      let index = InterfaceIndex(position)
      for address in interface.ipv4Addresses {
        ipv4[address.address, default: []].append(Owner(interface: index))
        if let publicAddress = address.publicAddress {
          ipv4[publicAddress, default: []].append(Owner(interface: index, privateAddress: address.address))
        }
      }
      for address in interface.ipv6Addresses { ipv6[address, default: []].append(Owner(interface: index)) }
      for prefix in interface.delegatedPrefixes {
        delegated[DelegatedKey(prefix: prefix), default: []].append(Owner(interface: index))
        delegatedLengths[prefix.family, default: []].insert(prefix.length)
      }
    }
  }

  /// The private address behind a public one, or nil if the address is not public, or if either address
  /// belongs to several interfaces.
  func privateAddress(of address: IPv4Address) -> IPv4Address? {
    guard let owners = ipv4[address], owners.count == 1, let privateAddress = owners[0].privateAddress,
      ipv4[privateAddress]?.count(where: { !$0.isPublic }) == 1
    else { return nil }
    return privateAddress
  }

  /// Every interface that has the address, in the order of the input.
  func owners(of address: IPAddress) -> [Owner] {
    let exact =
      switch address {
      case .v4(let address): ipv4[address]
      case .v6(let address): ipv6[address]
      }
    if let exact { return exact }
    for length in delegatedLengths[address.family] ?? [] {
      if let owners = delegated[DelegatedKey(prefix: IPPrefix(address, length: length))] { return owners }
    }
    return []
  }
}
