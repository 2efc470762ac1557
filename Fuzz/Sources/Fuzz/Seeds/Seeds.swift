import Foundation

/// The inputs that fuzzing begins with, made of the project's fixtures and of what its documents show.
struct Seeds {
  let project: URL

  /// Writes a folder of inputs for every target, and beside it a dictionary of the words in them.
  func write(below folder: URL) throws {
    for target in FuzzTarget.allCases {
      let seeds = try self.seeds(for: target)
      let place = folder.appendingPathComponent(target.rawValue)
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      for (index, seed) in seeds.enumerated() {
        try Data(seed).write(to: place.appendingPathComponent("seed-\(index)"))
      }
      try Dictionary(of: seeds, target).text.write(
        to: folder.appendingPathComponent("\(target.rawValue).dict"), atomically: true, encoding: .utf8)
      print("\(target.rawValue): \(seeds.count) seeds")
    }
  }

  private func seeds(for target: FuzzTarget) throws -> [[UInt8]] {
    switch target {
    case .pcap: try captures("pcap").flatMap(CaptureSeeds.pcap) + CaptureSeeds.madePcap
    case .pcapng: try captures("pcapng").flatMap(CaptureSeeds.pcapng) + CaptureSeeds.madePcapng
    case .packets: try (captures("pcap") + captures("pcapng")).flatMap { try CaptureSeeds.frames($0) }
    case .aws: try answers()
    case .yaml: try sections() + documents(with: "vpcs:")
    case .policyTests: try policyTests() + documents(with: "tests:")
    case .rules: TextSeeds.rules()
    case .flowLogs: TextSeeds.flowLogs
    case .questions: TextSeeds.questions
    case .events: try documents(with: "events:") + TextSeeds.cloudTrail
    case .alarms: try documents(with: "alarms:") + TextSeeds.alarms
    case .prices: try files(below: "fixtures/prices", ".yaml").map(bytes) + documents(with: "prices:")
    }
  }

  private func file(_ path: String) throws -> [UInt8] { try bytes(project.appendingPathComponent(path)) }

  private func bytes(_ place: URL) throws -> [UInt8] { Array(try Data(contentsOf: place)) }

  private func files(below path: String, _ ending: String) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(
      at: project.appendingPathComponent(path), includingPropertiesForKeys: nil
    ).filter { $0.lastPathComponent.hasSuffix(ending) }.sorted { $0.path < $1.path }
  }

  private func captures(_ ending: String) throws -> [URL] {
    try files(below: "fixtures/captures", ".\(ending)")
  }

  /// Each answer of AWS, the long ones by their first resources, and all of them as one object.
  private func answers() throws -> [[UInt8]] {
    var seeds: [[UInt8]] = []
    var together: [String: Any] = [:]
    for place in try files(below: "fixtures/networks/three-tier", ".json") {
      guard let answer = try JSONSerialization.jsonObject(with: Data(contentsOf: place)) as? [String: Any]
      else { continue }
      let short = answer.mapValues { ($0 as? [Any]).map { Array($0.prefix(2)) } ?? $0 }
      seeds.append(try json(short))
      together.merge(answer.mapValues { ($0 as? [Any]).map { Array($0.prefix(1)) } ?? $0 }) { first, _ in
        first
      }
    }
    return try seeds + [json(together)] + TextSeeds.answers
  }

  private func json(_ value: [String: Any]) throws -> [UInt8] {
    Array(try JSONSerialization.data(withJSONObject: value, options: [.sortedKeys]))
  }

  /// The bundled network as YAML, whole and section by section.
  private func sections() throws -> [[UInt8]] {
    let whole = String(decoding: try file("fixtures/golden/network/three-tier.yaml"), as: UTF8.self)
    return [Array(whole.utf8)] + whole.components(separatedBy: "\n\n").map { Array($0.utf8) }
  }

  private func policyTests() throws -> [[UInt8]] {
    try ["fixtures/policies", "fixtures/policies-that-fail"].flatMap { try files(below: $0, ".test.yaml") }
      .map(bytes)
  }

  /// The YAML that the documents show, of those blocks that have a line with this key.
  private func documents(with key: String) throws -> [[UInt8]] {
    var seeds: [[UInt8]] = []
    for place in try files(below: "docs", ".md") + [project.appendingPathComponent("README.md")] {
      let parts = try String(contentsOf: place, encoding: .utf8).components(separatedBy: "```")
      for (index, part) in parts.enumerated() where index % 2 == 1 && part.hasPrefix("yaml\n") {
        let block = part.dropFirst(5)
        if block.split(separator: "\n").contains(where: { $0.hasPrefix(key) }) {
          seeds.append(Array(block.utf8))
        }
      }
    }
    return seeds
  }
}

/// A dictionary for libFuzzer: words that readers know, which chance would be long in finding.
private struct Dictionary {
  let text: String
  private static let limit = 400

  init(of seeds: [[UInt8]], _ target: FuzzTarget) {
    var words: [String] = []
    switch target {
    case .pcap:
      words = [
        #"\xd4\xc3\xb2\xa1"#, #"\xa1\xb2\xc3\xd4"#, #"\xa1\xb2\x3c\x4d"#, #"\x34\xcd\xb2\xa1"#,
        #"\x1f\x8b\x08"#,
      ]
    case .pcapng:
      words = [
        "0a0d0d0a", "01000000", "06000000", "03000000", "02000000", "05000000", "4d3c2b1a", "1a2b3c4d",
      ]
      .map { text in
        stride(from: 0, to: 8, by: 2).map { #"\x"# + text.dropFirst($0).prefix(2) }.joined()
      }
    case .packets:
      words = [
        #"\x08\x00\x45\x00"#, #"\x86\xdd\x60\x00"#, #"\x81\x00"#, #"\x88\x47"#, #"\x88\x64"#, #"\x12\xb5"#,
        #"\x17\xc1"#,
      ]
    default:
      var seen: Set<String> = []
      for seed in seeds {
        let parts = String(decoding: seed, as: UTF8.self).split {
          !($0.isASCII && ($0.isLetter || $0.isNumber || "_-./:".contains($0)))
        }
        for part in parts where (2...40).contains(part.count) && words.count < Self.limit {
          if seen.insert(String(part)).inserted { words.append(String(part)) }
        }
      }
    }
    text = words.map { "\"\($0)\"\n" }.joined()
  }
}
