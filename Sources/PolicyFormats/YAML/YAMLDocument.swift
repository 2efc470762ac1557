import VirtualNetworks
import Yams

/// One YAML document as a tree in which every value knows its place.
///
/// Anchors, aliases and merge keys (`<<`) work, within the limits; tags other than those of plain data are problems,
/// as are keys that occur twice. What is not YAML at all is thrown, because nothing after it can be trusted.
public struct YAMLDocument: Sendable {
  public var root: YAMLNode
  /// What was found wrong with single values; the tree holds the rest.
  public var problems: [YAMLProblem]

  /// Parses UTF-8 text that holds one document. Takes time and memory linear in the text and what aliases repeat.
  public init(
    parsing bytes: [UInt8], file: String, limits: YAMLLimits = YAMLLimits()
  ) throws(YAMLProblem) {
    let start = SourceLocation(file: file, line: 1, column: 1)
    guard bytes.count <= limits.bytes else {
      throw YAMLProblem(at: start, "the document has \(bytes.count) bytes; the limit is \(limits.bytes)")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw YAMLProblem(
        at: TextPosition(ofInvalidUTF8In: bytes).location(in: file), "found bytes that are not UTF-8")
    }
    var scan = YAMLTokenScan(text)
    if let (position, message) = scan.hostileKey(depth: limits.depth) {
      throw YAMLProblem(at: position.location(in: file), message)
    }
    var source = YAMLSource(text: text, file: file, limit: limits.duplicateKeys)
    guard let node = try source.compose() else {
      throw YAMLProblem(at: start, found: "no value", expected: "a YAML document")
    }
    var builder = YAMLTreeBuilder(file: file, limits: limits, renamedKeys: source.renamedKeys)
    root = try builder.node(node, depth: 0)
    problems = builder.problems
  }

  public init(
    parsing text: String, file: String, limits: YAMLLimits = YAMLLimits()
  ) throws(YAMLProblem) {
    try self.init(parsing: Array(text.utf8), file: file, limits: limits)
  }
}

/// Makes a tree with places of what Yams composed.
private struct YAMLTreeBuilder {
  let file: String
  let limits: YAMLLimits
  let renamedKeys: [String: String]
  var problems: [YAMLProblem] = []
  private var count = 0
  private var repeated = 0
  private var last = (line: 0, column: 0)

  init(file: String, limits: YAMLLimits, renamedKeys: [String: String]) {
    self.file = file
    self.limits = limits
    self.renamedKeys = renamedKeys
  }

  mutating func node(_ node: Node, depth: Int) throws(YAMLProblem) -> YAMLNode {
    let location = try location(of: node)
    guard depth <= limits.depth else {
      throw YAMLProblem(at: location, "more than \(limits.depth) lists and mappings stand within each other")
    }
    checkTag(of: node, at: location)
    switch node {
    case .scalar(let scalar):
      return YAMLNode(.scalar(scalar.string, isPlain: scalar.style == .plain), location: location)
    case .sequence(let sequence):
      var elements: [YAMLNode] = []
      for element in sequence { elements.append(try self.node(element, depth: depth + 1)) }
      return YAMLNode(.list(elements), location: location)
    case .mapping(let mapping):
      return YAMLNode(.mapping(try self.mapping(mapping, at: location, depth: depth)), location: location)
    case .alias:
      throw YAMLProblem(at: location, "found an alias without a value")
    }
  }

  private mutating func mapping(
    _ mapping: Node.Mapping, at location: SourceLocation, depth: Int
  ) throws(YAMLProblem) -> YAMLMapping {
    var members: [YAMLMapping.Member] = []
    var merged: [YAMLMapping.Member] = []
    var seen: [String: SourceLocation] = [:]
    for (key, value) in mapping {
      let place = try self.location(of: key)
      let value = try node(value, depth: depth + 1)
      guard case .scalar(let scalar) = key else {
        problems.append(
          YAMLProblem(at: place, found: "a list or mapping as a key", expected: "text as a key"))
        continue
      }
      let name = renamedKeys[scalar.string] ?? scalar.string
      if name == "<<" && scalar.style == .plain {
        merged += self.merged(value)
        continue
      }
      if let first = seen[name] {
        problems.append(
          YAMLProblem(
            at: place, "the key \"\(name)\" occurs twice in one mapping; first in line \(first.line ?? 0)"))
        continue
      }
      seen[name] = place
      members.append(YAMLMapping.Member(key: name, keyLocation: place, value: value))
    }
    // Own keys count before merged ones, and of those the first.
    return YAMLMapping(members + merged, location: location)
  }

  private mutating func merged(_ value: YAMLNode) -> [YAMLMapping.Member] {
    var members: [YAMLMapping.Member] = []
    for part in value.listOrOne {
      if case .mapping(let mapping) = part.content {
        members += mapping.members
      } else {
        problems.append(part.problem("a mapping, or a list of mappings, to merge"))
      }
    }
    return members
  }

  /// Counts the value. What stands before what was last read is repeated by an alias: text is read from top to bottom.
  private mutating func location(of node: Node) throws(YAMLProblem) -> SourceLocation {
    let mark = node.mark.map { (line: $0.line, column: $0.column) } ?? last
    let location = SourceLocation(file: file, line: mark.line, column: mark.column)
    count += 1
    if mark < last { repeated += 1 } else { last = mark }
    guard count <= limits.nodes else {
      throw YAMLProblem(at: location, "the document has more than \(limits.nodes) values")
    }
    guard repeated <= limits.repeatedNodes else {
      throw YAMLProblem(at: location, "aliases repeat more than \(limits.repeatedNodes) values")
    }
    return location
  }

  private mutating func checkTag(of node: Node, at location: SourceLocation) {
    let name =
      switch node {
      case .scalar(let scalar): scalar.tag.description
      case .sequence(let sequence): sequence.tag.description
      case .mapping(let mapping): mapping.tag.description
      case .alias(let alias): alias.tag.description
      }
    guard !["", "!", "tag:yaml.org,2002:str"].contains(name) else { return }
    guard !name.hasPrefix("tag:yaml.org,2002:") || name.hasSuffix(":binary") || name.hasSuffix(":set") else {
      return
    }
    problems.append(YAMLProblem(at: location, found: "the tag \(name)", expected: "plain data"))
  }
}
