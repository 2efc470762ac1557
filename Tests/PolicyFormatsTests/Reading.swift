import Foundation
import VirtualNetworks

@testable import PolicyFormats

/// Reads AWS JSON that stands in a test.
func network(_ json: String..., check: Bool = false) throws -> VirtualNetwork {
  var importer = AWSImporter()
  for (index, text) in json.enumerated() {
    _ = try importer.read(Array(text.utf8), file: "file\(index + 1).json")
  }
  var network = importer.network()
  if check { network.problems += network.inconsistencies() }
  return network
}

/// A folder that is gone after the test.
final class TemporaryFolder {
  let path: String

  init(_ files: [String: String] = [:]) throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("network-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for (name, content) in files { try write(Array(content.utf8), to: name) }
  }

  func write(_ bytes: [UInt8], to name: String) throws {
    let url = URL(fileURLWithPath: path).appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

extension VirtualNetwork {
  /// `severity code path` of each problem.
  var found: [String] { problems.map { "\($0.severity.rawValue) \($0.code) \($0.location.path)" } }
}
