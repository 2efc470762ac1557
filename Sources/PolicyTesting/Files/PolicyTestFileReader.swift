import Filtering
import Foundation
import NetworkTypes
import PolicyAnalysis
import PolicyFormats
import VirtualNetworks

/// Reads policy test files (`*.test.yaml`).
///
/// Every mistake is found, not only the first; a file with one is no test file. Nothing is read but the file itself:
/// whether its selectors stand for anything is seen when it is run.
public struct PolicyTestFileReader: Sendable {
  /// Bytes of a test file, and values that its aliases may repeat.
  public static let sizeLimit = 16 << 20
  static let testKeys = [
    "name", "description", "from", "to", "allow", "deny", "because", "from_port", "round_trip", "steps",
    "timers",
    "capture", "denied", "unknown", "unplaced", "undecoded",
  ]

  public init() {}

  public func read(path: String) throws(YAMLProblems) -> PolicyTestFile {
    let bytes: [UInt8]
    do {
      let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
      guard size <= Self.sizeLimit else {
        throw YAMLProblem(
          at: SourceLocation(file: path), "the file has \(size) bytes; the limit is \(Self.sizeLimit)")
      }
      bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    } catch let problem as YAMLProblem {
      throw YAMLProblems([problem])
    } catch {
      throw YAMLProblems([
        YAMLProblem(at: SourceLocation(file: path), "cannot be read: \(error.localizedDescription)")
      ])
    }
    return try parse(bytes, path: path)
  }

  public func parse(_ bytes: [UInt8], path: String) throws(YAMLProblems) -> PolicyTestFile {
    var limits = YAMLLimits()
    limits.bytes = Self.sizeLimit
    let document: YAMLDocument
    do {
      document = try YAMLDocument(parsing: bytes, file: path, limits: limits)
    } catch { throw YAMLProblems([error]) }
    let log = YAMLProblemLog(document.problems)
    var reading = PolicyTestReading(path: path, log: log)
    let file = log.attempt { () throws(YAMLProblem) in try reading.file(document.root) }
    try log.throwIfAny()
    guard let file else { throw YAMLProblems([YAMLProblem(at: document.root.location, "no test file")]) }
    return file
  }

  /// A path written in a file, as seen from where the file's own path is seen from.
  static func resolve(_ path: String, from file: String) -> String {
    if path.hasPrefix("/") || path == "-" { return path }
    let folder = file.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    var parts: [Substring] = folder.filter { $0 != "." }
    for part in path.split(separator: "/") {
      if part == "." { continue }
      if part == "..", let last = parts.last, last != "..", !last.isEmpty {
        parts.removeLast()
      } else {
        parts.append(part)
      }
    }
    if parts.isEmpty { return "." }
    return parts.joined(separator: "/")
  }
}

/// One file while it is read.
struct PolicyTestReading {
  let path: String
  let log: YAMLProblemLog
  private var names: [String: Int] = [:]

  init(path: String, log: YAMLProblemLog) {
    self.path = path
    self.log = log
  }

  mutating func file(_ root: YAMLNode) throws(YAMLProblem) -> PolicyTestFile {
    let mapping = try root.mapping("a mapping with network and tests")
    log.checkKeys(of: mapping, known: ["network", "tests", "description"])
    var networks: [String] = []
    if let node = mapping["network"] {
      for node in node.listOrOne {
        if let text = log.attempt({ () throws(YAMLProblem) in try node.text("the path of a network") }) {
          networks.append(PolicyTestFileReader.resolve(text, from: path))
        }
      }
    }
    let nodes = try mapping.required("tests").list("a list of tests")
    if nodes.isEmpty {
      throw YAMLProblem(at: root.location, found: "no test", expected: "a list of tests under tests:")
    }
    var tests: [PolicyTest] = []
    for node in nodes {
      let test = log.attempt { () throws(YAMLProblem) in try self.test(node) }
      if let test { tests.append(test) }
    }
    return PolicyTestFile(
      path: path, networkPaths: networks, networkLocation: mapping["network"]?.location, tests: tests)
  }

  private mutating func test(_ node: YAMLNode) throws(YAMLProblem) -> PolicyTest {
    let mapping = try node.mapping(
      "a test: name, from, to, allow or deny; or name and steps; or name and capture")
    log.checkKeys(of: mapping, known: PolicyTestFileReader.testKeys)
    let nameNode = try mapping.required("name")
    let name = try nameNode.text("the test's name")
    if name.allSatisfy(\.isWhitespace) {
      throw nameNode.problem("the test's name, of one character at least")
    }
    if let line = names[name] {
      log.add(at: nameNode.location, "the name \"\(name)\" is taken by the test in line \(line)")
    }
    names[name] = nameNode.location.line ?? 0
    let kinds = ["steps", "capture"].filter { mapping[$0] != nil }
    let content: PolicyTest.Content
    switch kinds.first {
    case "steps":
      try refuse(
        ["from", "to", "allow", "deny", "because", "from_port", "round_trip", "capture"], in: mapping,
        beside: "steps")
      content = .scenario(
        Scenario(
          steps: try ScenarioReading(log: log).steps(try mapping.required("steps")),
          timers: try timers(mapping)))
    case "capture":
      try refuse(
        ["from", "to", "allow", "deny", "because", "from_port", "round_trip"], in: mapping, beside: "capture")
      content = .capture(try capture(mapping))
    default:
      try refuse(
        ["denied", "unknown", "unplaced", "undecoded"], in: mapping,
        beside: "a claim (they are limits of a capture)")
      content = .claims(try claims(mapping))
    }
    return PolicyTest(name: name, location: mapping.location, content: content)
  }

  private func timers(_ mapping: YAMLMapping) throws(YAMLProblem) -> IdleTimers {
    guard let node = mapping["timers"] else { return .nitro }
    return try node.word(["nitro", "nitro-v6"]) == "nitro" ? .nitro : .nitroV6
  }

  private func refuse(_ keys: [String], in mapping: YAMLMapping, beside other: String) throws(YAMLProblem) {
    for member in mapping.members where keys.contains(member.key) {
      throw YAMLProblem(at: member.keyLocation, "the key \"\(member.key)\" means nothing beside \(other)")
    }
  }

  // MARK: Claims

  private func claims(_ mapping: YAMLMapping) throws(YAMLProblem) -> [PolicyClaim] {
    let from = try selectors(mapping, "from")
    let to = try selectors(mapping, "to")
    guard mapping["allow"] != nil || mapping["deny"] != nil else {
      throw YAMLProblem(
        at: mapping.location, found: "no claim", expected: "allow or deny, or steps, or capture")
    }
    let because = try codes(mapping)
    if mapping["because"] != nil, mapping["deny"] == nil {
      throw YAMLProblem(
        at: mapping["because"]?.location ?? mapping.location,
        "because says why packets are denied, and this test denies none")
    }
    var sourcePorts = IntervalSet.everyPort
    if let node = mapping["from_port"] {
      let text = try node.text("source ports: 1024-65535")
      guard let range = ClaimTraffic.range(text[...], atMost: 65535) else {
        throw node.problem("a source port or a range of them: 1024-65535")
      }
      sourcePorts = IntervalSet(UInt128(range.lowerBound)...UInt128(range.upperBound))
    }
    let isRoundTrip = try mapping["round_trip"].map { (node) throws(YAMLProblem) in try node.bool() }
    var claims: [PolicyClaim] = []
    for expectation in [PolicyClaim.Expectation.allow, .deny] {
      guard let node = mapping[expectation.rawValue] else { continue }
      let parts = node.listOrOne
      if parts.isEmpty { throw node.problem("what to \(expectation.rawValue): \(ClaimTraffic.expected)") }
      for part in parts {
        let text = try part.text(ClaimTraffic.expected)
        guard let traffic = ClaimTraffic(text) else { throw part.problem(ClaimTraffic.expected) }
        claims.append(
          PolicyClaim(
            expectation, traffic, from: from, to: to, because: expectation == .deny ? because : [],
            sourcePorts: sourcePorts, isRoundTrip: isRoundTrip, location: part.location))
      }
    }
    return claims
  }

  private func selectors(_ mapping: YAMLMapping, _ key: String) throws(YAMLProblem) -> [Selector] {
    let node = try mapping.required(key)
    let parts = node.listOrOne
    if parts.isEmpty { throw node.problem("a selector: a name, an id, an address, a block or internet") }
    var selectors: [Selector] = []
    for part in parts {
      let text = try part.text("a selector: a name, an id, an address, a block or internet")
      do {
        selectors.append(try Selector(text))
      } catch { throw YAMLProblem(at: part.location, "\(error)") }
    }
    return selectors
  }

  private func codes(_ mapping: YAMLMapping) throws(YAMLProblem) -> [ReachabilityCode] {
    guard let node = mapping["because"] else { return [] }
    var codes: [ReachabilityCode] = []
    for part in node.listOrOne { codes.append(try Self.code(part)) }
    if codes.isEmpty { throw node.problem("a code, as ENI_SG_RULES_MISMATCH") }
    return codes
  }

  static func code(_ node: YAMLNode) throws(YAMLProblem) -> ReachabilityCode {
    let text = try node.text("a code, as ENI_SG_RULES_MISMATCH")
    if let code = ReachabilityCode(rawValue: text) { return code }
    let nearest = NearestNames.find(text, among: ReachabilityCode.allCases.map(\.rawValue), limit: 1)
    throw YAMLProblem(
      at: node.location,
      "found \"\(text)\", expected a code of Reachability Analyzer"
        + (nearest.first.map { "; did you mean \"\($0)\"?" } ?? ", as ENI_SG_RULES_MISMATCH"))
  }

  // MARK: Captures

  private func capture(_ mapping: YAMLMapping) throws(YAMLProblem) -> CaptureLimitCheck {
    let node = try mapping.required("capture")
    let path = PolicyTestFileReader.resolve(try node.text("the path of a capture"), from: self.path)
    var limits: [String: Int] = [:]
    for key in ["denied", "unknown", "unplaced", "undecoded"] {
      if let node = mapping[key] { limits[key] = try node.integer(in: 0...Int.max) }
    }
    guard !limits.isEmpty else {
      throw YAMLProblem(
        at: mapping.location, found: "no limit", expected: "denied, unknown, unplaced or undecoded: a number")
    }
    return CaptureLimitCheck(
      path: path, denied: limits["denied"], unknown: limits["unknown"], unplaced: limits["unplaced"],
      undecoded: limits["undecoded"], location: node.location)
  }
}
