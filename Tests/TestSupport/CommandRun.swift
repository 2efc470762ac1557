import Foundation

/// One run of the built `sallyport`: what it printed, and how it exited.
public struct CommandRun: Sendable {
  public var output: String
  public var errors: String
  public var exitCode: Int32

  /// Runs `sallyport` with arguments, and with `input` on standard input if there is any.
  public init(_ arguments: [String], input: Data = Data(), environment: [String: String] = [:]) throws {
    try self.init(Self.executable, arguments, input, environment)
  }

  /// Runs `sallyport` with these arguments.
  public init(_ arguments: String..., input: Data = Data(), environment: [String: String] = [:]) throws {
    try self.init(Self.executable, arguments, input, environment)
  }

  /// Runs a line of bash in which `$sallyport` is the command.
  public init(shell line: String, environment: [String: String] = [:]) throws {
    let environment = environment.merging(["sallyport": Self.executable.path]) { $1 }
    try self.init(URL(fileURLWithPath: "/bin/bash"), ["-c", line], Data(), environment)
  }

  /// Runs in the project's folder, and with nothing of the tester's environment but the path and sanitizers' options.
  private init(
    _ executable: URL, _ arguments: [String], _ input: Data, _ environment: [String: String]
  ) throws {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = Environment.project
    let tester = ProcessInfo.processInfo.environment
    let kept = ["ASAN_OPTIONS", "TSAN_OPTIONS"].compactMap { name in tester[name].map { (name, $0) } }
    process.environment = ["PATH": tester["PATH"] ?? "/usr/bin:/bin", "LC_ALL": "C"]
      .merging(kept) { $1 }.merging(environment) { $1 }
    let (inPipe, outPipe, errorPipe) = (Pipe(), Pipe(), Pipe())
    process.standardInput = inPipe
    process.standardOutput = outPipe
    process.standardError = errorPipe
    signal(SIGPIPE, SIG_IGN)
    try process.run()
    // All three at once: a full pipe would stop the command.
    let writer = Thread {
      try? inPipe.fileHandleForWriting.write(contentsOf: input)
      try? inPipe.fileHandleForWriting.close()
    }
    writer.start()
    let errors = Reading(errorPipe.fileHandleForReading)
    let output = (try outPipe.fileHandleForReading.readToEnd()) ?? Data()
    self.errors = String(decoding: errors.wait(), as: UTF8.self)
    self.output = String(decoding: output, as: UTF8.self)
    process.waitUntilExit()
    exitCode = process.terminationStatus
  }

  /// The lines of ``output``.
  public var lines: [String] { output.split(separator: "\n").map(String.init) }

  /// Beside the test program, where the build puts all products.
  public static var executable: URL {
    let beside = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appendingPathComponent("sallyport")
    return FileManager.default.isExecutableFile(atPath: beside.path)
      ? beside : Environment.project.appendingPathComponent(".build/debug/sallyport")
  }

  /// Reads a pipe to its end on a thread of its own.
  private final class Reading: @unchecked Sendable {
    private let done = DispatchSemaphore(value: 0)
    private var data = Data()

    init(_ handle: FileHandle) {
      let thread = Thread { [self] in
        data = (try? handle.readToEnd()) ?? Data()
        done.signal()
      }
      thread.start()
    }

    func wait() -> Data {
      done.wait()
      return data
    }
  }
}
