/// The name that the cloud gives a resource: `vpc-…`, `subnet-…`, `eni-…`, `sg-…`, an ARN; compared by its bytes.
public struct ResourceID: RawRepresentable, Hashable, Comparable, Sendable, ExpressibleByStringLiteral {
  public var rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }
  public init(_ rawValue: String) { self.rawValue = rawValue }
  public init(stringLiteral value: String) { rawValue = value }

  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension ResourceID: CustomStringConvertible {
  public var description: String { rawValue }
}

/// Where in the input a resource or rule was written.
public struct SourceLocation: Hashable, Sendable {
  /// The input file, as the user would name it; empty for a network that was built in code.
  public var file: String
  /// The JSON path within it, `$.Subnets[3].CidrBlock`, or empty.
  public var path: String
  /// Line and column, counted from 1, where the format knows them.
  public var line: Int?
  public var column: Int?

  public init(file: String = "", path: String = "", line: Int? = nil, column: Int? = nil) {
    self.file = file
    self.path = path
    self.line = line
    self.column = column
  }

  /// The location of a member below this one: `.CidrBlock` or `[3]` appended to the path.
  public func appending(_ step: String) -> SourceLocation {
    SourceLocation(file: file, path: path + step)
  }
}

extension SourceLocation: CustomStringConvertible {
  /// `Subnets.json: $.Subnets[3].CidrBlock`, `network.yaml:12:5`.
  public var description: String {
    var text = file
    if let line { text += ":\(line)" + (column.map { ":\($0)" } ?? "") }
    if !path.isEmpty { text += (text.isEmpty ? "" : ": ") + path }
    return text
  }
}

/// What every resource carries besides its own fields.
public struct ResourceAttributes: Hashable, Sendable {
  /// The owner's account number, where the input tells.
  public var account: String?
  /// The Region, `us-east-1`, where the input tells.
  public var region: String?
  /// Tags in the order of the input; the `Name` tag is what people call the resource.
  public var tags: [Tag]
  public var location: SourceLocation

  public init(
    account: String? = nil, region: String? = nil, tags: [Tag] = [],
    location: SourceLocation = SourceLocation()
  ) {
    self.account = account
    self.region = region
    self.tags = tags
    self.location = location
  }

  /// The value of the `Name` tag, unless it is empty.
  public var name: String? {
    tags.first { $0.key == "Name" }.flatMap { $0.value.isEmpty ? nil : $0.value }
  }
}

public struct Tag: Hashable, Sendable {
  public var key: String
  public var value: String

  public init(_ key: String, _ value: String) {
    self.key = key
    self.value = value
  }
}
