import Foundation

/// A file that gets a line for each message.
struct AlarmLog {
  var path: String

  /// Adds a text at the file's end, and makes the file if there is none.
  func append(_ text: String) throws(AlarmCourier.Failure) {
    // A pipe that nobody reads must not be waited for.
    let flags = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC
    let descriptor = unsafe open(path, flags, 0o666)
    guard descriptor >= 0 else { throw Self.failure("opened", SystemError(number: errno)) }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
    defer { close(descriptor) }
    do { try handle.write(contentsOf: Data(text.utf8)) } catch {
      throw Self.failure("written", SystemError(error))
    }
  }

  private static func failure(_ verb: String, _ error: SystemError?) -> AlarmCourier.Failure {
    AlarmCourier.Failure(
      reason: "the file cannot be \(verb): \(error?.text ?? "the system does not say why")",
      isFinal: !(error?.mayPass ?? false))
  }
}

/// A number of the operating system for what went wrong.
struct SystemError {
  var number: Int32

  /// What may be otherwise a second later: no room, no reader, too much at once.
  private static let passing: Set<Int32> = [
    EAGAIN, EINTR, ENOSPC, EDQUOT, ENXIO, EBUSY, EMFILE, ENFILE, ENOMEM, EIO, ETXTBSY, ESTALE, ETIMEDOUT,
  ]

  init(number: Int32) { self.number = number }

  /// The number at the bottom of one of Foundation's errors.
  init?(_ error: any Error) {
    let error = error as NSError
    let bottom = error.domain == NSPOSIXErrorDomain ? error : error.userInfo[NSUnderlyingErrorKey] as? NSError
    guard let bottom, bottom.domain == NSPOSIXErrorDomain else { return nil }
    number = Int32(bottom.code)
  }

  var mayPass: Bool { Self.passing.contains(number) }

  /// `No such file or directory`
  var text: String { unsafe String(cString: strerror(number)) }
}
