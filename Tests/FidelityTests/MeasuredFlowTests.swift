import Foundation
import TestSupport
import Testing

/// Flows measured on real instances, and flows stated by another system's tests (`../shared/data/aws-measured`), asked
/// of the command as users ask it.
@Suite(
  "Measured flows",
  .enabled(if: Environment.hasShared("aws-measured"), "skipped: ../shared/data/aws-measured is absent"))
struct MeasuredFlowTests {
  static let folders: [String] = {
    let root = Environment.shared("aws-measured")
    return ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).sorted().filter {
      FileManager.default.fileExists(atPath: "\(root)/\($0)/flows.ndjson")
    }
  }()

  @Test("Every measured flow agrees", arguments: folders)
  func measured(folder: String) throws {
    let root = Environment.shared("aws-measured/\(folder)")
    let run = try trace(["\(root)/network"], folder)
    let rows = try Self.objects(String(contentsOfFile: "\(root)/flows.ndjson", encoding: .utf8))
    let answers = try Self.objects(run.output)
    try #require(answers.count == rows.count)
    try #require(!rows.isEmpty)
    var agreed = 0
    var wrong: [String] = []
    for (row, answer) in zip(rows, answers) {
      let kind = try #require(row["class"] as? String)
      let verdict = try #require(answer["verdict"] as? String)
      expectSound(row, answer, verdict)
      if kind == "host" || kind == "outside" { continue }
      let mayBeUnknown = (kind == "vpn" || kind == "appliance") && verdict == "unknown"
      if verdict == row["expect"] as? String || mayBeUnknown {
        agreed += 1
      } else {
        wrong.append("\(answer)")
      }
    }
    print("\(folder): \(agreed) agree, \(wrong.count) do not")
    #expect(agreed > 0)
    #expect(wrong.isEmpty, "\(wrong.prefix(12).joined(separator: "\n"))")
  }

  /// The fields given come back; a denial has a blocker, an unknown answer says what is missing.
  private func expectSound(_ row: [String: Any], _ answer: [String: Any], _ verdict: String) {
    for (name, value) in row { #expect("\(answer[name] ?? "")" == "\(value)", "\(name)") }
    let blockers = answer["blockers"] as? [[String: Any]] ?? []
    #expect(blockers.isEmpty == (verdict != "deny"), "\(answer)")
    for blocker in blockers {
      #expect(blocker["code"] is String && blocker["stage"] is String && blocker["leg"] is String)
      #expect((blocker["explanation"] as? String)?.isEmpty == false)
    }
    #expect((answer["missing"] as? [String])?.isEmpty == (verdict == "unknown" ? false : nil))
  }

  @Test("The order of ACL entries in the JSON changes nothing", arguments: folders)
  func shuffledEntries(folder: String) throws {
    let root = Environment.shared("aws-measured/\(folder)")
    let copy = FileManager.default.temporaryDirectory.appendingPathComponent("sallyport-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: copy) }
    try FileManager.default.copyItem(atPath: "\(root)/network", toPath: copy.path)
    var random = SeededRandom.fresh("shuffled ACL entries of \(folder)")
    for path in try #require(FileManager.default.enumerator(atPath: copy.path)).compactMap({ $0 as? String })
    {
      let file = copy.appendingPathComponent(path)
      guard path.hasSuffix("NetworkAcls.json"),
        var object = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any],
        var acls = object["NetworkAcls"] as? [[String: Any]]
      else { continue }
      for index in acls.indices {
        acls[index]["Entries"] = (acls[index]["Entries"] as? [Any])?.shuffled(using: &random)
      }
      object["NetworkAcls"] = acls
      try JSONSerialization.data(withJSONObject: object).write(to: file)
    }
    #expect(try trace([copy.path], folder).output == trace(["\(root)/network"], folder).output)
  }

  @Test("Accounts and Regions may come as separate inputs, in any order", arguments: folders)
  func separateInputs(folder: String) throws {
    let root = Environment.shared("aws-measured/\(folder)/network")
    let files = try #require(FileManager.default.enumerator(atPath: root)).compactMap { $0 as? String }
    let folders = Set(
      files.filter { $0.hasSuffix(".json") }.map { ($0 as NSString).deletingLastPathComponent })
    let parts = folders.sorted().reversed().map { root + "/" + $0 }
    #expect(try trace(parts, folder).output == trace([root], folder).output)
  }

  @Test("A network converted to YAML gives the same answers", arguments: folders)
  func convertedToYAML(folder: String) throws {
    let root = Environment.shared("aws-measured/\(folder)/network")
    let temporary = try TemporaryFolder()
    let yaml = temporary.path("network.yaml")
    let run = try CommandRun(["network", "-n", root, "--format", "yaml", "-o", yaml])
    #expect(run.exitCode == 0)
    #expect(try trace([yaml], folder).output == trace([root], folder).output)
  }

  private func trace(_ networks: [String], _ folder: String) throws -> CommandRun {
    let flows = Environment.shared("aws-measured/\(folder)/flows.ndjson")
    let run = try CommandRun(
      ["trace", "--flows", flows, "--format", "json", "-q"] + networks.flatMap { ["-n", $0] })
    #expect(run.exitCode == 0)
    #expect(run.errors == "")
    return run
  }

  private static func objects(_ text: String) throws -> [[String: Any]] {
    try text.split(separator: "\n").map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
  }
}
