import VirtualNetworks

/// A value of a YAML document with the place where it was written.
///
/// Scalars are kept as text: whether `22` is a number is for the reader to say that expects one.
public struct YAMLNode: Sendable, Hashable {
  public enum Content: Sendable, Hashable {
    /// A scalar; `isPlain` tells whether it was written without quotes.
    case scalar(String, isPlain: Bool)
    case list([YAMLNode])
    case mapping(YAMLMapping)
  }

  public var content: Content
  /// File, line and column of the first character; of an alias, those of what it stands for.
  public var location: SourceLocation

  public init(_ content: Content, location: SourceLocation = SourceLocation()) {
    self.content = content
    self.location = location
  }

  /// Whether nothing stands here: no text, `~` or `null` without quotes.
  public var isNull: Bool {
    guard case .scalar(let text, isPlain: true) = content else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(text)
  }

  /// What stands here, for messages: `"443"`, `a list`, `a mapping`, `nothing`.
  public var found: String {
    switch content {
    case .scalar(let text, _):
      isNull ? "nothing" : "\"\(text.count > 60 ? text.prefix(59) + "…" : text[...])\""
    case .list: "a list"
    case .mapping: "a mapping"
    }
  }
}

/// The members of a YAML mapping in the order in which they were written.
public struct YAMLMapping: Sendable, Hashable {
  public struct Member: Sendable, Hashable {
    public var key: String
    public var keyLocation: SourceLocation
    public var value: YAMLNode

    public init(key: String, keyLocation: SourceLocation, value: YAMLNode) {
      self.key = key
      self.keyLocation = keyLocation
      self.value = value
    }
  }

  /// Every key once.
  public private(set) var members: [Member]
  /// Where the mapping begins.
  public var location: SourceLocation

  /// Takes members whose keys differ; of equal keys the first counts.
  public init(_ members: [Member], location: SourceLocation) {
    var seen: Set<String> = []
    self.members = members.filter { seen.insert($0.key).inserted }
    self.location = location
  }

  public var keys: [String] { members.map(\.key) }

  /// The value of a key; nil if there is none. Looks at every member: for mappings with a fixed set of keys.
  public subscript(key: String) -> YAMLNode? { members.first { $0.key == key }?.value }

  /// The value of a key that must be there.
  public func required(_ key: String) throws(YAMLProblem) -> YAMLNode {
    if let value = self[key] { return value }
    throw YAMLProblem(at: location, found: "no key \"\(key)\"", expected: "\"\(key): …\"")
  }
}

/// Bounds on a YAML document; past one of them it is refused by name.
public struct YAMLLimits: Sendable {
  /// Bytes of the text.
  public var bytes = 256 << 20
  /// Lists and mappings within each other.
  public var depth = 64
  /// Values, with those that aliases repeat.
  public var nodes = 10_000_000
  /// Values that aliases repeat: what a bomb of aliases would blow up.
  public var repeatedNodes = 100_000
  /// Keys that occur twice before reading is given up.
  public var duplicateKeys = 32

  public init() {}
}
