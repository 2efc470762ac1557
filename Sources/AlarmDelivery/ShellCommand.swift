import Foundation

/// A command of a shell, and all that it starts.
struct ShellCommand {
  var line: String
  /// Variables of its environment, besides those of this process.
  var variables: [String: String]

  /// Seconds from being asked to end to being ended.
  private static let patience = 1.0

  /// Runs the command with `input` on its standard input, and waits until it ends.
  ///
  /// One that takes longer than `seconds` is ended with all that it started (SIGTERM, a second later SIGKILL), and is not
  /// to be run again: it may have done its work, and who was paged is paged twice.
  func run(input: Data, within seconds: Double, stop: DeliveryStop) throws(AlarmCourier.Failure) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", line]
    process.environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
    process.standardOutput = FileHandle.standardError
    let pipe = Pipe()
    process.standardInput = pipe
    let end = Date(timeIntervalSinceNow: seconds)
    do { try process.run() } catch {
      throw AlarmCourier.Failure(
        reason: "/bin/sh cannot be started: \(SystemError(error)?.text ?? "\(error)")")
    }
    let writing = pipe.fileHandleForWriting
    // A command may read its input late, or never: a pipe takes 64 KiB, and then who writes waits.
    Thread.detachNewThread {
      try? writing.write(contentsOf: input)
      try? writing.close()
    }
    var ending = ProcessEnding(process)
    while ending == nil, Date() < end, !stop.isRequested {
      Thread.sleep(forTimeInterval: 0.01)
      ending = ProcessEnding(process)
    }
    guard let ending else {
      Self.end(process)
      let limit = "the command took longer than \(seconds.inSeconds) and was ended"
      throw AlarmCourier.Failure(reason: stop.isRequested ? "the command was ended" : limit, isFinal: true)
    }
    guard ending.status != 0 else { return }
    throw AlarmCourier.Failure(
      reason: "the command ended \(ending.isSignal ? "by signal" : "with exit code") \(ending.status)")
  }

  /// Ends the command and what it started.
  private static func end(_ process: Process) {
    let id = process.processIdentifier
    // On Linux Foundation starts every process in a group of its own.
    let target = getpgid(id) == id ? -id : id
    kill(target, SIGTERM)
    let last = Date(timeIntervalSinceNow: patience)
    while kill(target, 0) == 0, Date() < last { Thread.sleep(forTimeInterval: 0.01) }
    if kill(target, 0) == 0 { kill(target, SIGKILL) }
  }
}
