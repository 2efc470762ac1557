import VirtualNetworks

/// Something in a YAML document that cannot be read: where it stands, what was found, what was expected.
public struct YAMLProblem: Error, Hashable, Sendable {
  public var location: SourceLocation
  /// One clause: `found "44x", expected a port`.
  public var message: String

  public init(at location: SourceLocation, _ message: String) {
    self.location = location
    self.message = message
  }

  public init(at location: SourceLocation, found: String, expected: String) {
    self.init(at: location, "found \(found), expected \(expected)")
  }
}

extension YAMLProblem: CustomStringConvertible {
  /// `network.yaml:12:5: found "44x", expected a port`
  public var description: String {
    let place = location.description
    return place.isEmpty ? message : "\(place): \(message)"
  }
}

/// All problems of one document, in the order in which they stand in it; never empty when thrown.
public struct YAMLProblems: Error, Hashable, Sendable, CustomStringConvertible {
  public var all: [YAMLProblem]

  public init(_ problems: [YAMLProblem]) {
    all = problems.enumerated().sorted {
      let (left, right) = ($0.element.location, $1.element.location)
      return (left.file, left.line ?? 0, left.column ?? 0, $0.offset)
        < (right.file, right.line ?? 0, right.column ?? 0, $1.offset)
    }.map(\.element)
  }

  /// One problem a line.
  public var description: String { all.map(\.description).joined(separator: "\n") }
}

/// Collects the problems of a document while it is read, so that one mistake does not hide the next.
///
/// ```swift
/// let port = log.attempt { () throws(YAMLProblem) in try node.integer(in: 0...65535) }   // nil, and noted
/// ```
public final class YAMLProblemLog {
  public private(set) var problems: [YAMLProblem]

  public init(_ problems: [YAMLProblem] = []) { self.problems = problems }

  public func add(_ problem: YAMLProblem) { problems.append(problem) }

  public func add(at location: SourceLocation, _ message: String) {
    add(YAMLProblem(at: location, message))
  }

  /// The result of `body`; if it throws, the problem is noted and the result is nil.
  public func attempt<Result>(_ body: () throws(YAMLProblem) -> Result) -> Result? {
    do { return try body() } catch {
      add(error)
      return nil
    }
  }

  /// Notes every key of a mapping that is not one of `known`, with the nearest one that is.
  public func checkKeys(of mapping: YAMLMapping, known: [String]) {
    let set = Set(known)
    for member in mapping.members where !set.contains(member.key) {
      let nearest = NearestNames.find(member.key, among: known, limit: 1)
      add(
        at: member.keyLocation,
        "unknown key \"\(member.key)\"; "
          + (nearest.first.map { "did you mean \"\($0)\"?" }
            ?? "expected \(known.count == 1 ? "" : "one of ")\(known.joined(separator: ", "))"))
    }
  }

  /// Throws what was collected, if anything was.
  public func throwIfAny() throws(YAMLProblems) {
    if !problems.isEmpty { throw YAMLProblems(problems) }
  }
}
