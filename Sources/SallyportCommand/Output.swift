import Foundation
import ReportFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where a command's data goes: standard output, or a file that appears under its name when it is complete.
final class Output {
  /// The reader of a pipe went away; a command that gets this ends quietly.
  struct Closed: Error {}

  /// Bytes that are collected before they are written.
  private static let blockLength = 1 << 16
  private let handle: FileHandle
  private let path: String?
  /// The file that is written until ``finish()`` gives it its name; nil where the bytes go to their place at once.
  private let temporaryPath: String?
  private(set) var buffer = TextBuffer()

  /// Opens the file at `path`, or takes standard output if it is nil.
  ///
  /// Throws an ``OutputFailure`` if the file cannot be made. Devices and pipes are written to, not replaced.
  init(path: String?) throws {
    signal(SIGPIPE, SIG_IGN)
    self.path = path
    guard let path else {
      handle = .standardOutput
      temporaryPath = nil
      return
    }
    let kind = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
    if kind == .typeDirectory {
      throw OutputFailure(path: path, reason: "is a folder, expected a file's name")
    }
    let isReplaced = kind == nil || kind == .typeRegular
    let target = isReplaced ? path + ".sallyport-\(ProcessInfo.processInfo.processIdentifier)" : path
    do {
      if isReplaced { try Data().write(to: URL(fileURLWithPath: target)) }
      handle = try FileHandle(forWritingTo: URL(fileURLWithPath: target))
    } catch {
      throw OutputFailure(path: path, reason: "cannot be written: \(Self.reason(error))")
    }
    temporaryPath = isReplaced ? target : nil
  }

  /// Lets `body` append to the buffer, and writes it when enough has come together, or always if `flushing`.
  func write(flushing: Bool = false, _ body: (inout TextBuffer) -> Void) throws {
    body(&buffer)
    if flushing || buffer.count >= Self.blockLength { try flush() }
  }

  func write(_ text: String) throws {
    try write { $0.append(text) }
  }

  /// Writes the rest and gives the file its name.
  func finish() throws {
    try flush()
    guard let path, let temporaryPath else { return }
    do {
      try handle.close()
      // `replaceItemAt` of Foundation on Linux (Swift 6.3.1) loses both files.
      try? FileManager.default.removeItem(atPath: path)
      try FileManager.default.moveItem(atPath: temporaryPath, toPath: path)
    } catch {
      throw OutputFailure(path: path, reason: "cannot be written: \(Self.reason(error))")
    }
  }

  /// Removes the unfinished file.
  func discard() {
    if let temporaryPath { try? FileManager.default.removeItem(atPath: temporaryPath) }
  }

  private func flush() throws {
    if buffer.isEmpty { return }
    do {
      try handle.write(contentsOf: buffer.bytes)
    } catch {
      discard()
      if Self.isBrokenPipe(error) { throw Closed() }
      throw OutputFailure(path: path ?? "standard output", reason: "cannot be written: \(Self.reason(error))")
    }
    buffer.removeAll()
  }

  /// The system's error at the bottom of one of Foundation's.
  private static func systemError(_ error: any Error) -> NSError? {
    let error = error as NSError
    if error.domain == NSPOSIXErrorDomain { return error }
    return error.userInfo[NSUnderlyingErrorKey] as? NSError
  }

  private static func isBrokenPipe(_ error: any Error) -> Bool { systemError(error)?.code == Int(EPIPE) }

  private static func reason(_ error: any Error) -> String {
    let error = systemError(error) ?? error as NSError
    return error.localizedFailureReason ?? error.localizedDescription
  }
}

/// Data could not be written.
struct OutputFailure: Error, CustomStringConvertible {
  var path: String
  var reason: String
  var description: String { "\(path): \(reason)" }
}
