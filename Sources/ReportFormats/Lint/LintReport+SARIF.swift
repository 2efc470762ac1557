import PolicyAnalysis
import VirtualNetworks

extension LintReport {
  /// SARIF 2.1.0 (OASIS), as code scanning of GitHub, GitLab and editors reads it.
  ///
  /// A finding has the place in the input where that is known, and the resource and rule as a logical location.
  public func sarif(version: String) -> String {
    let codes = ruleCodes
    let indices = Dictionary(uniqueKeysWithValues: codes.enumerated().map { ($1, $0) })
    let driver: [(String, JSONText)] = [
      ("name", .string("sallyport")), ("version", .string(version)), ("semanticVersion", .string(version)),
      ("rules", .array(codes.map(Self.rule))),
    ]
    return JSONText.object([
      (
        "$schema",
        .string("https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json")
      ),
      ("version", .string("2.1.0")),
      (
        "runs",
        .array([
          .object([
            ("tool", .object([("driver", .object(driver))])), ("columnKind", .string("unicodeCodePoints")),
            ("results", .array(findings.map { Self.result($0, indices[$0.code] ?? 0) })),
          ])
        ])
      ),
    ]).pretty()
  }

  /// The codes that occur, in order.
  private var ruleCodes: [String] { Set(findings.map(\.code)).sorted() }

  private static func rule(_ code: String) -> JSONText {
    let summary =
      LintCode(rawValue: code)?.summary
      ?? "The description of the network: \(code.replacing("_", with: " "))."
    return .object([("id", .string(code)), ("shortDescription", .object([("text", .string(summary))]))])
  }

  private static func result(_ finding: LintFinding, _ index: Int) -> JSONText {
    let level =
      switch finding.severity {
      case .error: "error"
      case .warning: "warning"
      case .info: "note"
      }
    var members: [(String, JSONText)] = [
      ("ruleId", .string(finding.code)), ("ruleIndex", .integer(index)), ("level", .string(level)),
      ("message", .object([("text", .string("\(finding.message). Fix: \(finding.fix)."))])),
    ]
    let location = location(of: finding)
    if !location.isEmpty { members.append(("locations", .array([.object(location)]))) }
    return .object(members)
  }

  private static func location(of finding: LintFinding) -> [(String, JSONText)] {
    var members: [(String, JSONText)] = []
    let place = finding.location
    if !place.file.isEmpty && place.file != "standard input" {
      var physical: [(String, JSONText)] = [
        ("artifactLocation", .object([("uri", .string(uri(place.file)))]))
      ]
      if let line = place.line {
        let column: [(String, JSONText)] = place.column.map { [("startColumn", .integer($0))] } ?? []
        physical.append(("region", .object([("startLine", .integer(line))] + column)))
      }
      members.append(("physicalLocation", .object(physical)))
    }
    if let resource = finding.resource {
      let name = resource.rawValue + (finding.rule.map { "/\($0)" } ?? "")
      members.append(
        (
          "logicalLocations",
          .array([.object([("fullyQualifiedName", .string(name)), ("kind", .string("resource"))])])
        )
      )
    }
    return members
  }

  /// A path as a relative URI reference (RFC 3986).
  private static func uri(_ path: String) -> String {
    var text = ""
    for byte in path.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: "."), UInt8(ascii: "~"):
        text.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        text += "%" + (digits.count == 1 ? "0" : "") + digits
      }
    }
    return text
  }
}
