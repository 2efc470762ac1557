/// Why no network could be read from what was given; every case names the input and, where there is one, the place.
public enum PolicyFormatError: Error, Hashable, Sendable {
  case missingPath(path: String)
  case unreadablePath(path: String, reason: String)
  case emptyInput(path: String)
  /// A folder without a file that ends in `.json`; `files` is how many others it holds.
  case folderWithoutJSON(path: String, files: Int)
  /// JSON that breaks off or is written wrongly; line and column count from 1, columns in bytes.
  case brokenJSON(path: String, line: Int, column: Int, found: String, expected: String)
  /// Something else, recognised for what it is.
  case foreignInput(path: String, kind: ForeignInput)
  /// JSON in which nothing of a network is.
  case nothingUsable(path: String, found: String)
  case tooLarge(path: String, what: String, limit: Int)
  case invalidText(path: String, reason: String)
  /// A YAML network with problems: all of them.
  case invalidYAML(YAMLProblems)
}

extension PolicyFormatError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .missingPath(let path):
      "\(path): there is no such file or folder; expected a folder of aws describe-* outputs, one such file, or a YAML network"
    case .unreadablePath(let path, let reason): "\(path): cannot be read: \(reason)"
    case .emptyInput(let path):
      "\(path): is empty; expected JSON (the aws command that wrote it has probably failed: run it again)"
    case .folderWithoutJSON(let path, let files):
      "\(path): found \(files == 0 ? "no file" : files == 1 ? "1 file, not JSON" : "\(files) files, none JSON"); "
        + "expected *.json; " + Self.command
    case .brokenJSON(let path, let line, let column, let found, let expected):
      "\(path):\(line):\(column): broken JSON: found \(found), expected \(expected)"
    case .foreignInput(let path, let kind): "\(path): is \(kind.name), not a network; \(kind.advice)"
    case .nothingUsable(let path, let found):
      "\(path): found \(found); expected outputs of aws ec2 describe-*; " + Self.command
    case .tooLarge(let path, let what, let limit): "\(path): \(what); the limit is \(limit)"
    case .invalidText(let path, let reason): "\(path): \(reason); expected JSON in UTF-8"
    case .invalidYAML(let problems):
      problems.all.count == 1
        ? problems.description
        : "the network has \(problems.all.count) problems\n"
          + problems.all.map { "  \($0)" }.joined(separator: "\n")
    }
  }

  static let command =
    "make them with: aws ec2 describe-vpcs --output json > vpcs.json, and so on for subnets, security-groups, "
    + "network-acls, route-tables, network-interfaces, instances"
}
