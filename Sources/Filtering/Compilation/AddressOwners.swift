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

  private var ipv4 = AddressMap<[Owner]>()
  private var ipv6: [IPv6Address: [Owner]] = [:]
  /// Delegated prefixes are few and long; those of one length share a dictionary.
  private var delegated: [DelegatedKey: [Owner]] = [:]
  private var delegatedLengths: [IPFamily: Set<Int>] = [:]

  /// A bit for every public address, by its hash: nearly every packet's addresses are told by it not to be public.
  private var publicBits = [UInt64](repeating: 0, count: 1024)

  private struct DelegatedKey: Hashable {
    var prefix: IPPrefix
  }

  init(_ model: VirtualNetwork) {
    for (position, interface) in model.networkInterfaces.enumerated() {
      add(interface, InterfaceIndex(position))
    }
  }

  /// Makes an interface the owner of its addresses.
  mutating func add(_ interface: NetworkInterface, _ index: InterfaceIndex) {
    for address in interface.ipv4Addresses {
      ipv4.change(address.address, from: []) { Self.add(Owner(interface: index), to: &$0) }
      if let publicAddress = address.publicAddress {
        let bit = Self.publicBit(publicAddress)
        publicBits[bit >> 6] |= 1 << UInt64(bit & 63)
        let owner = Owner(interface: index, privateAddress: address.address)
        ipv4.change(publicAddress, from: []) { Self.add(owner, to: &$0) }
      }
    }
    for address in interface.ipv6Addresses {
      Self.add(Owner(interface: index), to: &ipv6[address, default: []])
    }
    for prefix in interface.delegatedPrefixes {
      Self.add(Owner(interface: index), to: &delegated[DelegatedKey(prefix: prefix), default: []])
      delegatedLengths[prefix.family, default: []].insert(prefix.length)
    }
  }

  /// Takes its addresses from an interface; `interface` is what it was when they were added.
  mutating func remove(_ interface: NetworkInterface, _ index: InterfaceIndex) {
    func clear<Key>(_ owners: inout [Key: [Owner]], _ key: Key) {
      owners[key]?.removeAll { $0.interface == index }
      if owners[key]?.isEmpty ?? false { owners[key] = nil }
    }
    for address in interface.ipv4Addresses {
      ipv4.change(address.address, from: []) { $0.removeAll { $0.interface == index } }
      guard let publicAddress = address.publicAddress else { continue }
      ipv4.change(publicAddress, from: []) { $0.removeAll { $0.interface == index } }
    }
    for address in interface.ipv6Addresses { clear(&ipv6, address) }
    for prefix in interface.delegatedPrefixes { clear(&delegated, DelegatedKey(prefix: prefix)) }
  }

  /// Owners are in the order of the interfaces.
  private static func add(_ owner: Owner, to owners: inout [Owner]) {
    owners.insert(owner, at: owners.firstIndex { $0.interface > owner.interface } ?? owners.count)
  }

  @inline(__always)
  private static func publicBit(_ address: IPv4Address) -> Int {
    Int((address.rawValue &* 0x9e37_79b1) >> 16)
  }

  /// The private address behind a public one; any other address as it is.
  @inline(__always)
  func canonical(_ address: IPv4Address) -> IPv4Address {
    let bit = Self.publicBit(address)
    guard publicBits[bit >> 6] & (1 << UInt64(bit & 63)) != 0 else { return address }
    return privateAddress(of: address) ?? address
  }

  /// The private address behind a public one, or nil if the address is not public, or if either address
  /// belongs to several interfaces.
  func privateAddress(of address: IPv4Address) -> IPv4Address? {
    guard let owners = ipv4[address], owners.count == 1, let privateAddress = owners[0].privateAddress,
      ipv4[privateAddress]?.count(where: { !$0.isPublic }) == 1
    else { return nil }
    return privateAddress
  }

  /// Whether an interface has the address for its own, and not as its public one.
  func isOwn(_ address: IPAddress, of interface: InterfaceIndex) -> Bool {
    owners(of: address).contains { $0.interface == interface && !$0.isPublic }
  }

  /// Every interface that has the address, in the order of the input.
  func owners(of address: IPAddress) -> [Owner] {
    let exact =
      switch address {
      case .v4(let address): ipv4[address] ?? []
      case .v6(let address): ipv6[address] ?? []
      }
    if !exact.isEmpty || delegatedLengths.isEmpty { return exact }
    for length in delegatedLengths[address.family] ?? [] {
      if let owners = delegated[DelegatedKey(prefix: IPPrefix(address, length: length))] { return owners }
    }
    return []
  }
}
