#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A file in memory, written again for each input: what is read by path is fuzzed through it.
final class ScratchFile {
  nonisolated(unsafe) static let shared = ScratchFile()
  let path: String
  private let descriptor: CInt

  private init() {
    let folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    path = "\(folder)/sallyport-fuzz-\(getpid())"
    descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600)
    guard descriptor >= 0 else { fatalError("\(path) cannot be written") }
    // libFuzzer ends by _exit after a crash: run.sh removes what is left then.
    atexit { unlink(ScratchFile.shared.path) }
  }

  /// The path of a file with these bytes.
  func holding(_ bytes: [UInt8]) -> String {
    ftruncate(descriptor, 0)
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress! + written, bytes.count - written, off_t(written))
      }
      guard count > 0 else { fatalError("\(path) cannot be written") }
      written += count
    }
    return path
  }
}

/// A pipe that holds the bytes; the path that reads them is valid while `body` runs.
func withPipe(_ bytes: [UInt8], _ body: (String) -> Void) {
  var ends: [CInt] = [0, 0]
  guard pipe(&ends) == 0 else { fatalError("no pipe") }
  let count = bytes.withUnsafeBytes { write(ends[1], $0.baseAddress, bytes.count) }
  close(ends[1])
  if count == bytes.count { body("/dev/fd/\(ends[0])") }
  close(ends[0])
}
