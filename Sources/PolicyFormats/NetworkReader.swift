import Foundation
import VirtualNetworks

/// Reads networks from paths: folders, files, and `-` for standard input, merged into one.
public struct NetworkReader: Sendable {
  public var limits: ReadingLimits

  public init(limits: ReadingLimits = ReadingLimits()) { self.limits = limits }

  /// Reads and merges what the paths stand for.
  ///
  /// Accounts and Regions may stand in one folder or in several paths, with the same result. What is wrong with the
  /// network itself is in its `problems`; an error is thrown only for what cannot be read at all. The time is linear
  /// in the input, the memory in the network.
  public func read(paths: [String]) throws(PolicyFormatError) -> VirtualNetwork {
    var importer = AWSImporter()
    var native = NativeReader()
    var resources = 0
    for path in paths { resources += try read(path, into: &importer, &native) }
    return try finish(&importer, native, resources, name: paths.map(Self.name).joined(separator: ", "))
  }

  func read(yaml text: String, file: String) throws(PolicyFormatError) -> VirtualNetwork {
    var importer = AWSImporter()
    var native = NativeReader()
    _ = try readYAML(Array(text.utf8), file, into: &native)
    return try finish(&importer, native, 0, name: file)
  }

  private func finish(
    _ importer: inout AWSImporter, _ native: NativeReader, _ resources: Int, name: String
  ) throws(PolicyFormatError) -> VirtualNetwork {
    let fromAnswers = resources
    var resources = resources
    do { resources += try native.read(into: &importer) } catch { throw .invalidYAML(error) }
    guard resources > 0 else {
      throw .nothingUsable(
        path: name,
        found: native.isEmpty
          ? "answers of AWS, but no resource of a network" : "a YAML network without a single resource")
    }
    var network = importer.network()
    // What was said with the nearest name is not said again without it.
    let said = Set(network.problems.map { Said(code: $0.code, location: $0.location) })
    network.problems += network.inconsistencies().filter {
      if $0.code == "incomplete_network" {
        // What is written by hand is all there is: no answer of AWS is missing.
        return fromAnswers > 0
      }
      return !said.contains(Said(code: $0.code, location: $0.location)) || $0.location.line == nil
    }
    return network
  }

  private struct Said: Hashable {
    var code: String
    var location: SourceLocation
  }

  /// Reads one path and counts its resources; an answer that lists none is one, too, beside others.
  private func read(
    _ path: String, into importer: inout AWSImporter, _ native: inout NativeReader
  ) throws(PolicyFormatError) -> Int {
    let files = InputFiles(limits: limits)
    if path != "-" && !FileManager.default.fileExists(atPath: path) { throw .missingPath(path: path) }
    if path != "-" && files.isFolder(path) {
      return try readFolder(path, files, into: &importer, &native)
    }
    let summary = try readFile(path, files, into: &importer, &native)
    if !summary.knownMembers.isEmpty || summary.isNative { return summary.resources }
    let name = Self.name(path)
    if let kind = foreignKind(summary) { throw .foreignInput(path: name, kind: kind) }
    throw .nothingUsable(path: name, found: Self.contents(summary))
  }

  private func readFolder(
    _ path: String, _ files: InputFiles, into importer: inout AWSImporter, _ native: inout NativeReader
  ) throws(PolicyFormatError) -> Int {
    let (paths, others) = try files.jsonFiles(below: path)
    guard !paths.isEmpty else { throw .folderWithoutJSON(path: path, files: others) }
    var resources = 0
    var answers = 0
    var foreign: ForeignInput?
    for file in paths {
      let summary = try readFile(file, files, into: &importer, &native)
      resources += summary.resources
      answers += summary.knownMembers.count + (summary.isNative ? 1 : 0)
      guard summary.knownMembers.isEmpty && !summary.isNative else { continue }
      let kind = foreignKind(summary)
      foreign = foreign ?? kind
      importer.log.add(
        .note, "foreign_file", at: SourceLocation(file: file),
        "passed over: " + (kind.map { "is \($0.name)" } ?? "found \(Self.contents(summary))"))
    }
    guard answers == 0 else { return resources }
    if let foreign { throw .foreignInput(path: path, kind: foreign) }
    throw .nothingUsable(
      path: path,
      found: "\(paths.count) JSON file\(paths.count == 1 ? "" : "s") with no resource of a network")
  }

  private func readFile(
    _ path: String, _ files: InputFiles, into importer: inout AWSImporter, _ native: inout NativeReader
  ) throws(PolicyFormatError) -> AWSFileSummary {
    let name = Self.name(path)
    let bytes = try files.bytes(of: path)
    if bytes.allSatisfy({ [0x20, 0x09, 0x0a, 0x0d].contains($0) }) { throw .emptyInput(path: name) }
    switch PolicyFormat.recognize(bytes) {
    case .json: break
    case .yaml: return try readYAML(bytes, name, into: &native)
    case .foreign(let kind): throw .foreignInput(path: name, kind: kind)
    }
    let summary: AWSFileSummary
    do { summary = try importer.read(bytes, file: name) } catch {
      throw .brokenJSON(
        path: name, line: error.line, column: error.column, found: error.found, expected: error.expected)
    }
    // JSON is YAML, too.
    if summary.knownMembers.isEmpty && NativeReader.recognizes(summary.unknownMembers) {
      return try readYAML(bytes, name, into: &native)
    }
    if !summary.knownMembers.isEmpty {
      for member in summary.unknownMembers.prefix(20) {
        importer.log.add(
          .note, "unknown_member", at: SourceLocation(file: name, path: "$.\(member)"),
          "\"\(member)\" is not known here and is passed over")
      }
    }
    return summary
  }

  private func readYAML(
    _ bytes: [UInt8], _ name: String, into native: inout NativeReader
  ) throws(PolicyFormatError) -> AWSFileSummary {
    var limits = YAMLLimits()
    limits.bytes = min(limits.bytes, self.limits.fileBytes)
    let document: YAMLDocument
    do { document = try YAMLDocument(parsing: bytes, file: name, limits: limits) } catch {
      throw .invalidYAML(YAMLProblems([error]))
    }
    if case .mapping(let root) = document.root.content, !NativeReader.recognizes(root.keys) {
      let shown = root.keys.prefix(5).map { "\"\($0)\"" }.joined(separator: ", ")
      throw .nothingUsable(
        path: name,
        found:
          "YAML with \(shown)\(root.keys.count > 5 ? ", …" : "") and no section of a network (vpcs, subnets, "
          + "security_groups, instances, …)")
    }
    native.add(document)
    var summary = AWSFileSummary()
    summary.isNative = true
    return summary
  }

  private func foreignKind(_ summary: AWSFileSummary) -> ForeignInput? {
    if summary.otherRoot == "an array" { return .awsProjection }
    return PolicyFormat.foreignObject(summary.unknownMembers)
  }

  private static func name(_ path: String) -> String { path == "-" ? "standard input" : path }

  private static func contents(_ summary: AWSFileSummary) -> String {
    if let root = summary.otherRoot { return root }
    if summary.unknownMembers.isEmpty { return "an empty object" }
    let shown = summary.unknownMembers.prefix(5).map { "\"\($0)\"" }.joined(separator: ", ")
    return "an object with \(shown)" + (summary.unknownMembers.count > 5 ? ", …" : "")
  }
}

extension VirtualNetwork {
  /// Reads a network that is written as YAML; `file` is what problems call the text.
  ///
  ///     let network = try VirtualNetwork(yaml: "vpcs: {shop: {cidr: 10.0.0.0/16}}")
  public init(yaml text: String, file: String = "network.yaml") throws(PolicyFormatError) {
    self = try NetworkReader().read(yaml: text, file: file)
  }

  /// Reads a network from one path: a folder of `aws … describe-*` outputs, one such file, a YAML network, or `-`.
  ///
  ///     let network = try VirtualNetwork(contentsOf: "network/")
  public init(contentsOf path: String) throws(PolicyFormatError) {
    self = try NetworkReader().read(paths: [path])
  }
}
