import Foundation
import ReportFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where a command's data goes: standard output, or a file that appears under its name when it is complete.
final class Output {
  /// The reader of standard output, or of all that a command was asked for, went away; a command that gets this ends quietly.
  struct Closed: Error {}

  /// Bytes that are collected before they are written.
  private static let blockLength = 1 << 16
  private let handle: FileHandle
  private let path: String?
  /// The file that is written until ``finish()`` gives it its name; nil where the bytes go to their place at once.
  private let temporaryPath: String?
  private(set) var buffer = TextBuffer()
  /// Whether a failure is kept, and said, instead of thrown, and a reader that goes away is not missed: what else a command
  /// does goes on without this output.
  private let goesOn: Bool
  private var isDeserted = false
  /// What became of an output that goes on.
  private(set) var failure: OutputFailure?

  /// Opens the file at `path`, or takes standard output if it is nil or stands for it.
  ///
  /// Throws an ``OutputFailure`` if the file cannot be made. Devices and pipes are written to, not replaced; a link
  /// stays one, and the file that it leads to is replaced.
  ///
  /// - Parameters:
  ///   - grows: Whether the file has its name from the beginning, for those who read it meanwhile.
  ///   - goesOn: Whether what cannot be written later, on a full disk, is said and left out instead of thrown.
  init(path: String?, grows: Bool = false, goesOn: Bool = false) throws {
    signal(SIGPIPE, SIG_IGN)
    self.goesOn = goesOn
    guard let path, !Self.isStandardOutput(path) else {
      self.path = nil
      handle = .standardOutput
      temporaryPath = nil
      return
    }
    let kind = FileSystem.kind(of: path)
    if kind == .folder { throw OutputFailure(path: path, reason: "is a folder, expected a file's name") }
    let isReplaced = kind != .stream && !Self.isDescriptor(path)
    let place = isReplaced ? FileSystem.realPath(path) : path
    self.path = place
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    guard FileSystem.kind(of: folder.path) == .folder else {
      throw OutputFailure(path: path, reason: "the folder \(folder.relativePath) does not exist")
    }
    let isLater = isReplaced && !grows
    let target = isLater ? place + ".sallyport-\(ProcessInfo.processInfo.processIdentifier)" : place
    do {
      if isLater { EndingSignals.add(target) }
      if isReplaced { try Self.create(target, inPlaceOf: kind == .file ? place : nil) }
      handle = try FileHandle(forWritingTo: URL(fileURLWithPath: target))
    } catch {
      throw OutputFailure(path: path, reason: "cannot be written: \(Self.reason(error))")
    }
    temporaryPath = isLater ? target : nil
  }

  /// Whether a file's name stands for standard output.
  static func isStandardOutput(_ path: String) -> Bool {
    ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].contains(path)
  }

  /// Names of what is open already: it may be a file, which somebody else has a hold of.
  private static func isDescriptor(_ path: String) -> Bool {
    path == "/dev/stderr" || path.hasPrefix("/dev/fd/") || path.hasPrefix("/proc/self/fd/")
  }

  /// Makes an empty file, with the rights of the one that it will replace.
  private static func create(_ path: String, inPlaceOf old: String?) throws {
    let files = FileManager.default
    if let old, !files.isWritableFile(atPath: old) {
      throw NSError(domain: NSPOSIXErrorDomain, code: Int(EACCES))
    }
    try Data().write(to: URL(fileURLWithPath: path))
    if let old, let rights = try? files.attributesOfItem(atPath: old)[.posixPermissions] {
      try? files.setAttributes([.posixPermissions: rights], ofItemAtPath: path)
    }
  }

  /// Lets `body` append to the buffer, and writes it when enough has come together, or always if `flushing`.
  func write(flushing: Bool = false, _ body: (inout TextBuffer) -> Void) throws {
    body(&buffer)
    if flushing || buffer.count >= Self.blockLength { try flush() }
  }

  func write(_ text: String) throws {
    try write { $0.append(text) }
  }

  /// Writes bytes and forgets them, keeping their memory; what ``buffer`` holds goes first.
  func write(_ bytes: inout [UInt8]) throws {
    try flush()
    try write(all: bytes)
    bytes.removeAll(keepingCapacity: true)
  }

  /// Replaces what the file holds by what `body` appends, in one step for those who read it; false where the bytes
  /// go on to somebody and nothing can be replaced.
  func replace(_ body: (inout TextBuffer) -> Void) throws -> Bool {
    guard let path, FileSystem.kind(of: path) == .file else { return false }
    let next = try Output(path: path)
    do {
      try next.write(body)
      try next.finish()
    } catch let failure as OutputFailure where goesOn {
      // The disk may have room again the next time.
      next.discard()
      keep(failure)
    } catch {
      next.discard()
      throw error
    }
    return true
  }

  /// Writes the rest and gives the file its name.
  func finish() throws {
    try flush()
    guard let path, let temporaryPath, failure == nil else { return }
    do {
      try handle.close()
      // `replaceItemAt` of Foundation on Linux (Swift 6.3.1) loses both files.
      try FileSystem.rename(temporaryPath, to: path)
      EndingSignals.remove(temporaryPath)
    } catch {
      try fail(OutputFailure(path: path, reason: "cannot be written: \(Self.reason(error))"))
    }
  }

  /// Throws a failure, or keeps it and leaves the file out.
  private func fail(_ failure: OutputFailure) throws(OutputFailure) {
    discard()
    guard goesOn else { throw failure }
    keep(failure)
  }

  private func keep(_ failure: OutputFailure) {
    if self.failure == nil { StandardError.report(failure) }
    self.failure = failure
  }

  /// Removes the unfinished file.
  func discard() {
    guard let temporaryPath else { return }
    try? FileManager.default.removeItem(atPath: temporaryPath)
    EndingSignals.remove(temporaryPath)
  }

  private func flush() throws {
    if buffer.isEmpty { return }
    try write(all: buffer.bytes)
    buffer.removeAll()
  }

  private func write(all bytes: [UInt8]) throws {
    if failure != nil || isDeserted { return }
    do {
      try handle.write(contentsOf: bytes)
    } catch {
      if Self.isBrokenPipe(error) {
        isDeserted = goesOn && path != nil
        if isDeserted { return }
        discard()
        throw Closed()
      }
      try fail(
        OutputFailure(path: path ?? "standard output", reason: "cannot be written: \(Self.reason(error))"))
    }
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
