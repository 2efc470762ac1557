import NetworkTypes
import VirtualNetworks

extension AWSRecord {
  /// A block of either family; an invalid one is a problem and nil, set host bits are a note (semantics SG-20).
  func prefix(_ name: String, of resource: ResourceID?) -> IPPrefix? {
    guard let text = text(name) else { return nil }
    return prefix(text: text, at: location.appending("." + name), of: resource)
  }

  func prefix(text: String, at location: SourceLocation, of resource: ResourceID?) -> IPPrefix? {
    guard let (address, length) = IPPrefix.parts(of: text) else {
      let hint = IPAddress(text) == nil ? "" : "; write a single host as /32 or /128"
      log.add(
        .error, "invalid_cidr", resource, at: location,
        "\"\(text)\" is no block of addresses; expected an address, a slash and a length" + hint)
      return nil
    }
    let prefix = IPPrefix(address, length: length)
    if address != prefix.first {
      log.add(
        .note, "host_bits", resource, at: location,
        "\(text) has host bits set; read as \(prefix), as AWS stores it")
    }
    return prefix
  }

  /// A block that must be of IPv4.
  func prefix4(_ name: String, of resource: ResourceID?) -> Prefix<IPv4Address>? {
    switch prefix(name, of: resource) {
    case nil: return nil
    case .v4(let prefix): return prefix
    case .v6(let prefix):
      wrongFamily(name, prefix.description, resource, expected: "an IPv4 block")
      return nil
    }
  }

  /// A block that must be of IPv6.
  func prefix6(_ name: String, of resource: ResourceID?) -> Prefix<IPv6Address>? {
    switch prefix(name, of: resource) {
    case nil: return nil
    case .v6(let prefix): return prefix
    case .v4(let prefix):
      wrongFamily(name, prefix.description, resource, expected: "an IPv6 block")
      return nil
    }
  }

  func address4(_ name: String, of resource: ResourceID?) -> IPv4Address? {
    guard let text = text(name) else { return nil }
    if let address = IPv4Address(text) { return address }
    invalidAddress(name, text, resource, expected: "an IPv4 address")
    return nil
  }

  func address6(_ name: String, of resource: ResourceID?) -> IPv6Address? {
    guard let text = text(name) else { return nil }
    if let address = IPv6Address(text) { return address }
    invalidAddress(name, text, resource, expected: "an IPv6 address")
    return nil
  }

  private func wrongFamily(_ name: String, _ found: String, _ resource: ResourceID?, expected: String) {
    log.add(
      .error, "invalid_cidr", resource, at: location.appending("." + name),
      "\(name) is \(found); expected \(expected)")
  }

  private func invalidAddress(_ name: String, _ found: String, _ resource: ResourceID?, expected: String) {
    log.add(
      .error, "invalid_address", resource, at: location.appending("." + name),
      "\(name) is \"\(found)\"; expected \(expected)")
  }
}
