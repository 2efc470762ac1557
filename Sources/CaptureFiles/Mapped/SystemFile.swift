#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// An open file of the operating system, closed when it goes away.
final class SystemFile {
  /// What `fstat` says of a file.
  enum Kind { case regular(size: Int), directory, stream }

  let descriptor: Int32
  private let isOwned: Bool
  /// Whether the end of a file is waited at for more.
  private let follows: Bool
  /// Whether another file was seen to have the name of the one that is followed.
  private var isReplaced = false
  /// How long it is waited before looking again: a fifth of a second.
  private static let pause: UInt32 = 200_000

  /// Opens `path` for reading; `-` is standard input, which stays open afterwards.
  init(path: String, follows: Bool = false) throws(CaptureError) {
    self.follows = follows
    if path == "-" {
      descriptor = 0
      isOwned = false
      return
    }
    var result = unsafe open(path, O_RDONLY | O_CLOEXEC)
    // To open a pipe waits for its writer.
    while result < 0 && errno == EINTR && !ReadingStop.isRequested {
      result = unsafe open(path, O_RDONLY | O_CLOEXEC)
    }
    if result < 0 && errno == EMFILE && Self.raiseLimit() {
      result = unsafe open(path, O_RDONLY | O_CLOEXEC)
    }
    guard result >= 0 else {
      let code = errno
      if code == EMFILE { throw .crowding(input: path) }
      throw code == ENOENT || code == ENOTDIR
        ? .absence(input: path) : .refusal(input: path, reason: Self.text(code))
    }
    descriptor = result
    isOwned = true
  }

  deinit {
    if isOwned { _ = close(descriptor) }
  }

  var kind: Kind {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return .stream }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .regular(size: Int(status.st_size))
    case S_IFDIR: return .directory
    default: return .stream
    }
  }

  /// Reads up to `count` bytes; 0 at the end. Repeats the call when a signal interrupts it, unless that asked to stop.
  ///
  /// Throws a ``CaptureError/rotation(input:length:left:)`` at the end of a followed file that will not grow any more.
  func read(
    into destination: UnsafeMutablePointer<UInt8>, count: Int, input: String
  ) throws(CaptureError) -> Int {
    while true {
      #if canImport(Glibc)
        let result = unsafe Glibc.read(descriptor, destination, count)
      #elseif canImport(Musl)
        let result = unsafe Musl.read(descriptor, destination, count)
      #else
        let result = unsafe Darwin.read(descriptor, destination, count)
      #endif
      if result == 0 && follows {
        try noticeRotation(of: input)
        if !ReadingStop.isRequested {
          _ = usleep(Self.pause)
          continue
        }
      }
      if result >= 0 { return result }
      let code = errno
      if code == EINTR {
        if ReadingStop.isRequested { return 0 }
        continue
      }
      throw code == EISDIR ? .directory(input: input) : .refusal(input: input, reason: Self.text(code))
    }
  }

  /// Throws if what was read of a followed file is there no longer, or if its name went over to another file.
  ///
  /// A file without a name may still be written to, and is waited for.
  private func noticeRotation(of input: String) throws(CaptureError) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
    let place = lseek(descriptor, 0, SEEK_CUR)
    if place > status.st_size {
      throw .rotation(input: input, length: UInt64(place), left: UInt64(max(0, status.st_size)))
    }
    var named = stat()
    guard isOwned, unsafe stat(input, &named) == 0,
      named.st_ino != status.st_ino || named.st_dev != status.st_dev
    else {
      isReplaced = false
      return
    }
    // Once more, for the writer's last bytes.
    guard isReplaced || ReadingStop.isRequested else {
      isReplaced = true
      return
    }
    throw .rotation(input: input, length: UInt64(max(0, place)), left: nil)
  }

  /// Lets the process have as many open files as it may: a month of captures by the hour is more than the usual 1024.
  private static func raiseLimit() -> Bool {
    #if canImport(Glibc)
      let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
      let files = RLIMIT_NOFILE
    #endif
    var limit = rlimit()
    guard unsafe getrlimit(files, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return false }
    limit.rlim_cur = limit.rlim_max
    return unsafe setrlimit(files, &limit) == 0
  }

  /// The system's words for an error number.
  static func text(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}

/// A whole file in memory, as the kernel's pages.
///
/// A file that shrinks while it is mapped raises SIGBUS at the first page that is gone, so ``currentLength`` is asked
/// before each batch. What is cut off in the middle of one is for the process to handle: the command does.
@safe
final class MappedFile {
  let start: UnsafeMutableRawPointer
  let count: Int
  private let file: SystemFile
  private var released = 0

  /// Maps `count` bytes of a file; nil where the file system cannot.
  init?(_ file: SystemFile, count: Int) {
    let result = unsafe mmap(nil, count, PROT_READ, MAP_PRIVATE, file.descriptor, 0)
    guard let result = unsafe result, unsafe result != MAP_FAILED else { return nil }
    unsafe start = result
    self.count = count
    self.file = file
    _ = unsafe madvise(result, count, MADV_SEQUENTIAL)
  }

  /// Bytes of the mapping that the file still has: one `fstat`.
  var currentLength: Int {
    guard case .regular(let size) = file.kind else { return count }
    return min(size, count)
  }

  deinit { _ = unsafe munmap(start, count) }

  /// Lets go of the pages before `position`, in large steps: memory stays small however large the file.
  func release(before position: Int) {
    let step = 8 << 20
    guard position - released >= step else { return }
    let end = position & ~(step - 1)
    _ = unsafe madvise(start + released, end - released, MADV_DONTNEED)
    released = end
  }
}
