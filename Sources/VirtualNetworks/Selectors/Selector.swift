import NetworkTypes

/// How a user names an end of some traffic: a resource, a name, an address, a block, or the internet.
///
/// | text | means |
/// | --- | --- |
/// | `internet` | every address that is neither private nor the network's own |
/// | `10.0.0.5`, `10.0.0.0/24` | an address, a block |
/// | `i-…`, `eni-…`, `subnet-…`, `vpc-…`, `sg-…`, `nat-…`, `igw-…`, `pcx-…` | a resource |
/// | `web-1`, `web-*` | a Name tag or a group's name; `*` stands for any characters |
/// | `instance/NAME`, `sg/NAME`, `subnet/NAME`, … | the same, of one kind of resource |
public struct Selector: Hashable, Sendable {
  public enum Form: Hashable, Sendable {
    case internet
    case address(IPAddress)
    case prefix(IPPrefix)
    /// An id or a name, of one kind or of any.
    case resource(Kind?, pattern: String)
  }

  /// The kinds of resources that packets come from or go to; raw values are what stands before the slash.
  public enum Kind: String, Hashable, Sendable, CaseIterable, Comparable {
    case instance
    case networkInterface = "eni"
    case subnet
    case vpc
    case securityGroup = "sg"
    case natGateway = "nat"
    case loadBalancer = "lb"
    case internetGateway = "igw"
    case peering = "pcx"
    case endpoint = "vpce"

    public static func < (left: Self, right: Self) -> Bool { left.place < right.place }
    private var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  }

  /// What was written.
  public var text: String
  public var form: Form

  /// Reads a selector; what it stands for is found by a ``SelectorResolver``.
  public init(_ text: String) throws(SelectorError) {
    self.text = text
    guard !text.isEmpty else { throw .malformed(text, expected: "an address, an id, a name or internet") }
    if text == "internet" {
      form = .internet
    } else if let address = IPAddress(text) {
      form = .address(address)
    } else if let prefix = IPPrefix(text) {
      form = .prefix(prefix)
    } else if Self.looksLikeAddress(text) {
      throw .malformed(text, expected: "an IPv4 or IPv6 address, with /length for a block")
    } else if let slash = text.firstIndex(of: "/"), let kind = Kind(rawValue: String(text[..<slash])) {
      let pattern = String(text[text.index(after: slash)...])
      guard !pattern.isEmpty else { throw .malformed(text, expected: "a name after \(kind.rawValue)/") }
      form = .resource(kind, pattern: pattern)
    } else {
      form = .resource(nil, pattern: text)
    }
  }

  /// Whether nobody would name a resource like this: digits with dots or colons.
  private static func looksLikeAddress(_ text: String) -> Bool {
    let isMadeOf = { (others: String) in
      text.utf8.allSatisfy { (0x30...0x39).contains($0) || others.utf8.contains($0) }
    }
    let count = { (byte: UInt8) in text.utf8.count { $0 == byte } }
    return count(UInt8(ascii: ".")) >= 1 && isMadeOf("./")
      || count(UInt8(ascii: ":")) >= 2 && isMadeOf(":./abcdefABCDEF%")
  }
}

/// What a selector covers: positions in ``VirtualNetwork/networkInterfaces``, blocks of addresses, and the internet.
public struct SelectorCoverage: Hashable, Sendable {
  /// Ascending, each once.
  public var interfaces: [Int]
  /// Addresses that were named as such, whoever has them.
  public var prefixes: [IPPrefix]
  public var isInternet: Bool

  public init(interfaces: [Int] = [], prefixes: [IPPrefix] = [], isInternet: Bool = false) {
    self.interfaces = Set(interfaces).sorted()
    self.prefixes = prefixes
    self.isInternet = isInternet
  }

  public var isEmpty: Bool { interfaces.isEmpty && prefixes.isEmpty && !isInternet }

  /// Everything that some coverages cover together.
  init(union parts: [SelectorCoverage]) {
    var known: Set<IPPrefix> = []
    self.init(
      interfaces: parts.flatMap(\.interfaces),
      prefixes: parts.lazy.flatMap(\.prefixes).filter { known.insert($0).inserted },
      isInternet: parts.contains { $0.isInternet })
  }

  func isSuperset(of other: SelectorCoverage) -> Bool {
    Set(interfaces).isSuperset(of: other.interfaces) && Set(prefixes).isSuperset(of: other.prefixes)
      && (isInternet || !other.isInternet)
  }
}

/// The one end that a selector means when a single packet is asked about.
public enum SelectorEnd: Hashable, Sendable {
  case address(IPAddress)
  /// Position in ``VirtualNetwork/networkInterfaces``.
  case interface(Int)
  case internet
}

/// Where a packet enters the model.
public enum SelectorEntrance: Hashable, Sendable {
  case internet
  case interface(Int)
  case subnet(ResourceID)
  case vpc(ResourceID)
}
