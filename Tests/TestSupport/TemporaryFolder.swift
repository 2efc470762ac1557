import Foundation

/// A folder that is removed with the test.
public final class TemporaryFolder {
  public let url: URL

  public init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("sallyport-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  public func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  /// Writes a file and returns its path.
  public func write(_ data: Data, _ name: String) throws -> String {
    try data.write(to: url.appendingPathComponent(name))
    return path(name)
  }

  public func write(_ text: String, _ name: String) throws -> String { try write(Data(text.utf8), name) }
}
