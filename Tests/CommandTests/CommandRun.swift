import Foundation
import TestSupport

/// One run of the built command, in the project's folder and with a fixed environment.
struct CommandRun {
  let exitCode: Int32
  let output: String
  let errors: String

  /// Runs `sallyport` with these arguments; `input` goes to its standard input.
  init(_ arguments: String..., input: Data? = nil, environment: [String: String] = [:]) throws {
    try self.init(executable: Self.binary, arguments, input: input, environment: environment)
  }

  /// Runs a line of shell in which `$sallyport` is the command.
  init(shell line: String, environment: [String: String] = [:]) throws {
    var environment = environment
    environment["sallyport"] = Self.binary.path
    try self.init(
      executable: URL(fileURLWithPath: "/bin/bash"), ["-c", line], input: nil, environment: environment)
  }

  private init(
    executable: URL, _ arguments: [String], input: Data?, environment: [String: String]
  ) throws {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = Environment.project
    process.environment = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "LC_ALL": "C",
    ].merging(environment) { $1 }
    // Files, not pipes: however much is written, nothing waits for a reader.
    let folder = try TemporaryFolder()
    let paths = try ["out", "err"].map { try folder.write(Data(), $0) }
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: paths[0]))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: paths[1]))
    let stdin = try folder.write(input ?? Data(), "in")
    process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: stdin))
    try process.run()
    process.waitUntilExit()
    exitCode = process.terminationStatus
    output = try String(contentsOfFile: paths[0], encoding: .utf8)
    errors = try String(contentsOfFile: paths[1], encoding: .utf8)
  }

  /// The command that was built with the tests: it lies next to them.
  static let binary: URL = {
    let folders = [
      URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent(), Bundle.main.bundleURL,
      Environment.project.appendingPathComponent(".build/debug"),
    ]
    let candidates = folders.map { $0.appendingPathComponent("sallyport") }
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) } ?? candidates[2]
  }()
}

/// A folder that is removed with the test.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("sallyport-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  /// Writes a file and returns its path.
  func write(_ data: Data, _ name: String) throws -> String {
    try data.write(to: url.appendingPathComponent(name))
    return path(name)
  }

  func write(_ text: String, _ name: String) throws -> String { try write(Data(text.utf8), name) }
}
