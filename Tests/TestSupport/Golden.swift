import Foundation
import Testing

/// Texts that were looked at once and must stay as they are, below `fixtures/golden/`.
///
/// `SALLYPORT_RENEW_GOLDEN=1 swift test` writes them anew; look at the difference before you commit it.
public enum Golden {
  public static func check(
    _ text: String, _ path: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let file = URL(fileURLWithPath: Environment.fixture("golden/\(path)"))
    if ProcessInfo.processInfo.environment["SALLYPORT_RENEW_GOLDEN"] == "1" {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
      return
    }
    let expected = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    if text == expected { return }
    let (found, wanted) = (lines(text), lines(expected))
    let number = zip(found, wanted).prefix { $0 == $1 }.count
    let message = """
      golden/\(path), line \(number + 1)
      expected: \(number < wanted.count ? wanted[number] : "(end)")
      found:    \(number < found.count ? found[number] : "(end)")
      SALLYPORT_RENEW_GOLDEN=1 writes what was found.
      """
    Issue.record(Comment(rawValue: message), sourceLocation: sourceLocation)
  }

  private static func lines(_ text: String) -> [Substring] {
    text.split(separator: "\n", omittingEmptySubsequences: false)
  }
}
