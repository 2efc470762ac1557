import ArgumentParser
import Foundation

/// Refuses outputs that would destroy what the command reads, or each other, before anything is written.
struct OutputCheck {
  /// An output: its option and the file's name; nil is standard output.
  struct Place {
    var option: String
    var path: String?

    init(_ option: String, _ path: String?) {
      self.option = option
      self.path = path.flatMap { Output.isStandardOutput($0) ? nil : $0 }
    }

    var identity: FileIdentity? { path.map { FileIdentity(path: $0) } ?? FileIdentity(descriptor: 1) }
    var name: String { path.map { "\(option) \($0)" } ?? "standard output" }
  }

  /// Files that are read, by what they are: `("the capture", "a.pcap")`.
  var inputs: [(noun: String, path: String)] = []
  /// Files, and folders that are read at any depth.
  var networks: [String] = []

  /// Throws a `ValidationError` that names both where an output is one of the inputs or another output.
  func check(_ outputs: [Place]) throws {
    for (index, output) in outputs.enumerated() {
      for other in outputs[..<index] where Self.areOne(output, other) {
        if output.path == nil {
          throw ValidationError(
            "\(output.option) and \(other.option) would both go to standard output: name a file for one of them"
          )
        }
        throw ValidationError("\(other.name) and \(output.name) are one file: name another for one of them")
      }
      for input in inputs where Self.isOne(output, input.path) {
        throw refusal(of: output, "\(input.noun) \(Self.name(input.path))")
      }
      for network in networks {
        if Self.isOne(output, network) { throw refusal(of: output, "the network \(Self.name(network))") }
        if Self.isRead(output, from: network) {
          throw ValidationError(
            "\(output.name) is a file of the network \(network): name one in another folder, or one that does not "
              + "end in .json")
        }
      }
    }
  }

  private func refusal(of output: Place, _ input: String) -> ValidationError {
    ValidationError("\(output.name) would overwrite \(input): name another file")
  }

  private static func name(_ path: String) -> String { path == "-" ? "from standard input" : path }

  private static func isOne(_ output: Place, _ input: String) -> Bool {
    guard let identity = output.identity else { return false }
    return identity == (input == "-" ? FileIdentity(descriptor: 0) : FileIdentity(path: input))
  }

  private static func areOne(_ output: Place, _ other: Place) -> Bool {
    guard let path = output.path, let otherPath = other.path else {
      if output.path == nil && other.path == nil { return true }
      return output.identity.map { $0 == other.identity } ?? false
    }
    if let identity = output.identity, identity == other.identity { return true }
    // Neither is there yet; devices and pipes may be given twice.
    return FileSystem.kind(of: path) == .absent && FileSystem.kind(of: otherPath) == .absent
      && FileSystem.realPath(path) == FileSystem.realPath(otherPath)
  }

  /// Whether a network's folder would be read with the output in it: one of its files, or a new one beside them.
  private static func isRead(_ output: Place, from network: String) -> Bool {
    guard let path = output.path, network != "-", FileSystem.kind(of: network) == .folder else {
      return false
    }
    let (place, folder) = (FileSystem.realPath(path), FileSystem.realPath(network))
    if isJSON(place), FileSystem.kind(of: path) != .stream,
      place.hasPrefix(folder.hasSuffix("/") ? folder : folder + "/")
    {
      return true
    }
    // Links within the folder may lead to a file that lies elsewhere.
    guard let identity = output.identity else { return false }
    guard let names = FileManager.default.enumerator(atPath: folder) else { return false }
    return names.contains { name in
      (name as? String).map { isJSON($0) && FileIdentity(path: folder + "/" + $0) == identity } ?? false
    }
  }

  private static func isJSON(_ path: String) -> Bool { path.lowercased().hasSuffix(".json") }
}
