import Foundation

/// One run of the built `sallyport`: what it printed, and how it exited.
public struct CommandRun: Sendable {
  public var output: String
  public var errors: String
  public var exitCode: Int32

  /// Runs `sallyport` with arguments, and with `input` on standard input if there is any.
  public init(_ arguments: [String], input: Data = Data()) throws {
    let process = Process()
    process.executableURL = Self.executable
    process.arguments = arguments
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
