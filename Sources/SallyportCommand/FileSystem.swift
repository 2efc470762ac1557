import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file whatever it is called: paths with equal identities are one file.
struct FileIdentity: Hashable {
  private var device: UInt64
  private var inode: UInt64

  /// Follows links; nil unless there is a regular file.
  init?(path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  /// Of an open file; nil unless it is a regular one.
  init?(descriptor: Int32) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  private init?(_ status: stat) {
    guard status.st_mode & S_IFMT == S_IFREG else { return nil }
    device = UInt64(truncatingIfNeeded: status.st_dev)
    inode = UInt64(truncatingIfNeeded: status.st_ino)
  }
}

/// What Foundation does not do, or not in one step.
enum FileSystem {
  /// What stands at a path, links followed.
  enum Kind {
    case absent, file, folder, stream
  }

  static func kind(of path: String) -> Kind {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return .absent }
    return switch status.st_mode & S_IFMT {
    case S_IFREG: .file
    case S_IFDIR: .folder
    default: .stream
    }
  }

  /// The path without links; of a file that is not there, its folder's with its name.
  static func realPath(_ path: String) -> String {
    if let real = resolved(path) { return real }
    let url = URL(fileURLWithPath: path)
    let folder = url.deletingLastPathComponent().path
    let real = resolved(folder) ?? folder
    return (real.hasSuffix("/") ? real : real + "/") + url.lastPathComponent
  }

  private static func resolved(_ path: String) -> String? {
    guard let real = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(real) }
    return unsafe String(cString: real)
  }

  /// Gives a file another name; whatever had that name is replaced in the same step.
  static func rename(_ path: String, to other: String) throws {
    #if canImport(Glibc)
      let result = unsafe Glibc.rename(path, other)
    #elseif canImport(Musl)
      let result = unsafe Musl.rename(path, other)
    #else
      let result = unsafe Darwin.rename(path, other)
    #endif
    if result != 0 { throw NSError(domain: NSPOSIXErrorDomain, code: Int(errno)) }
  }
}
