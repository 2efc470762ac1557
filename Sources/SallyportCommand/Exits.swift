import ArgumentParser
import Foundation
import VirtualNetworks

extension ExitCode {
  /// What was asked to hold does not: a test failed, `--fail-on` was met.
  static let unmet = ExitCode(1)
  /// An input cannot be read or is not valid, or an output cannot be written.
  static let invalidInput = ExitCode(2)
  /// Stopped by a signal: 130 by SIGINT, 143 by SIGTERM, as a shell has it.
  static var interrupted: ExitCode { ExitCode(128 + (Interruption.signal ?? SIGINT)) }
}

/// Talk: what is said on standard error, while data goes to standard output.
enum StandardError {
  /// Prints `sallyport: <message>`.
  static func report(_ message: some CustomStringConvertible) {
    FileHandle.standardError.write(Data("sallyport: \(message)\n".utf8))
  }

  /// Prints what is wrong with a network, and where.
  static func report(_ problem: ModelProblem) { report("\(problem.severity): \(problem.text)") }
}

/// Runs a command's work on its output: finishes the file, or removes it when the work fails.
///
/// Ends quietly when the reader of a pipe went away, and with exit code 2 when the output cannot be written.
func withOutput(
  path: String?, grows: Bool = false, goesOn: Bool = false, _ body: (Output) throws -> Void
) throws {
  do {
    let output = try Output(path: path, grows: grows, goesOn: goesOn)
    do {
      try body(output)
      try output.finish()
    } catch {
      output.discard()
      throw error
    }
  } catch is Output.Closed {
    throw ExitCode.success
  } catch let failure as OutputFailure {
    StandardError.report(failure)
    throw ExitCode.invalidInput
  }
}

/// The same for several outputs that stand beside a report; nil stands for one that was not asked for.
///
/// One that can be opened, but not written to its end, is left out while everything else goes on.
///
/// - Parameter growing: Whether the last one is read by others while it grows.
/// - Returns: What could not be written, and was said so.
func withOutputs(
  _ paths: [String?], growing: Bool = false, opened: [Output?] = [], _ body: ([Output?]) throws -> Void
) throws -> [OutputFailure] {
  guard opened.count < paths.count else {
    try body(opened)
    return []
  }
  guard let path = paths[opened.count] else {
    return try withOutputs(paths, growing: growing, opened: opened + [nil], body)
  }
  var failures: [OutputFailure] = []
  var own: Output?
  try withOutput(path: path, grows: growing && opened.count == paths.count - 1, goesOn: true) { output in
    own = output
    failures = try withOutputs(paths, growing: growing, opened: opened + [output], body)
  }
  return (own?.failure.map { [$0] } ?? []) + failures
}
