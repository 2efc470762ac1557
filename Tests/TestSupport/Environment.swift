import Foundation

/// What tests take from outside: paths of the project and of the data that lies beside it.
public enum Environment {
  /// The seed to repeat a random test with: `SALLYPORT_SEED`.
  public static var seed: UInt64? {
    ProcessInfo.processInfo.environment["SALLYPORT_SEED"].flatMap(UInt64.init)
  }

  /// Whether the tests run under a sanitizer, as `Scripts/test-sanitized` does.
  public static var isSanitized: Bool {
    ["ASAN_OPTIONS", "TSAN_OPTIONS"].contains { ProcessInfo.processInfo.environment[$0] != nil }
  }

  /// The project's root folder.
  public static var project: URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
  }

  /// A file or folder below `fixtures/`.
  public static func fixture(_ path: String) -> String {
    project.appendingPathComponent("fixtures").appendingPathComponent(path).path
  }

  /// A file or folder below `../shared/data`; tests over it are skipped where it is absent.
  public static func shared(_ path: String) -> String {
    project.deletingLastPathComponent().appendingPathComponent("shared/data").appendingPathComponent(path)
      .path
  }

  /// Whether `../shared/data/<path>` is there.
  public static func hasShared(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: shared(path))
  }
}
