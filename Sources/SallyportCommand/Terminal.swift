import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the command's surroundings can show.
enum Terminal {
  enum Stream: Int32 {
    case standardOutput = 1
    case standardError = 2
  }

  static func isTerminal(_ stream: Stream) -> Bool { isatty(stream.rawValue) == 1 }

  /// Columns of the terminal behind a stream; nil where there is none.
  static func columns(_ stream: Stream) -> Int? { size(stream).map { Int($0.ws_col) } }

  /// Its lines.
  static func rows(_ stream: Stream) -> Int? { size(stream).map { Int($0.ws_row) } }

  private static func size(_ stream: Stream) -> winsize? {
    var size = winsize()
    guard unsafe ioctl(stream.rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return size
  }

  /// Whether the locale's characters are UTF-8.
  static var isUTF8: Bool {
    let variables = ProcessInfo.processInfo.environment
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { variables[$0] }.first { !$0.isEmpty } ?? ""
    let name = locale.lowercased()
    return name.contains("utf-8") || name.contains("utf8")
  }

  /// Whether colour may be used where nobody said otherwise (https://no-color.org).
  static func wantsColor(_ stream: Stream) -> Bool {
    let variables = ProcessInfo.processInfo.environment
    return isTerminal(stream) && (variables["NO_COLOR"] ?? "").isEmpty && variables["TERM"] != "dumb"
  }
}
