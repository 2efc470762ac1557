import Foundation
import TestSupport
import Testing
import VirtualNetworks

@testable import PolicyFormats

/// The schema that editors use says what the reader says.
@Suite struct NetworkSchemaTests {
  @Test func theShippedSchemaIsTheOneThatIsMade() throws {
    let path = Environment.project.appendingPathComponent("docs/schema/network.schema.json").path
    if ProcessInfo.processInfo.environment["SALLYPORT_RENEW_GOLDEN"] != nil {
      try NetworkSchema.json().write(toFile: path, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == NetworkSchema.json())
  }

  @Test func everyKeyOfTheReaderIsInIt() throws {
    let object = try JSONSerialization.jsonObject(with: Data(NetworkSchema.json().utf8)) as? [String: Any]
    let sections = try #require(object?["properties"] as? [String: Any])
    #expect(Set(sections.keys) == Set(NativeKind.allCases.map(\.section)))
    let definitions = try #require(object?["$defs"] as? [String: [String: Any]])
    let interface = try #require(definitions["interface"]?["properties"] as? [String: Any])
    #expect(Set(interface.keys) == Set(NativeKeys().interface.keys.map(\.name)))
    // Every reference leads to a definition.
    for match in NetworkSchema.json().matches(of: /"#\/\$defs\/([a-z_]+)"/) {
      #expect(definitions[String(match.1)] != nil, "\(match.1)")
    }
  }

  static let hasValidator: Bool = (try? python("import jsonschema, yaml")) == 0

  @Test(.enabled(if: hasValidator, "python3 with jsonschema and yaml is not installed"))
  func validNetworksAreValid() throws {
    let bundled = try VirtualNetwork(contentsOf: Environment.fixture("networks/three-tier"))
    for text in [NativeReaderTests.sketch, NativeWriterTests.everything, bundled.yaml()] {
      #expect(try Self.validate(text) == 0, "\(text.prefix(80))")
    }
  }

  @Test(
    .enabled(if: hasValidator, "python3 with jsonschema and yaml is not installed"),
    arguments: [
      "vpc: {a: {}}", "vpcs: {a: {cdir: 10.0.0.0/16}}", "vpcs: {a: {cidr: 10.0.0.0}}", "vpcs: []",
      "vpcs: {a: {subnets: {s: {zone: [x]}}}}", "security_groups: {a: {inbound: [tcp 443]}}",
      "security_groups: {a: {inbound: [{id: sgr-1}]}}", "instances: {a: {state: runing}}",
      "instances: {a: {source_dest_check: maybe}}", "instances: {a: {private_ip: web}}",
      "vpcs: {a: {route_tables: {r: {everywhere: internet}}}}", "peering_connections: {p: {requester: a}}",
      "vpcs: {a: {network_acls: {n: {inbound: [allow all from 0.0.0.0/0]}}}}",
      "load_balancers: {l: {listeners: [{port: 70000}]}}", "{}",
    ])
  func invalidNetworksAreInvalid(_ text: String) throws {
    #expect(try Self.validate(text) == 1)
    #expect(throws: PolicyFormatError.self) { try VirtualNetwork(yaml: text) }
  }

  /// 0 if the text is valid, 1 if it is not.
  private static func validate(_ text: String) throws -> Int32 {
    let folder = try TemporaryFolder(["network.yaml": text, "schema.json": NetworkSchema.json()])
    let (network, schema) = ("\(folder.path)/network.yaml", "\(folder.path)/schema.json")
    return try python(
      """
      import json, sys, yaml, jsonschema
      schema = json.load(open(sys.argv[1]))
      jsonschema.Draft202012Validator.check_schema(schema)
      document = yaml.safe_load(open(sys.argv[2]))
      sys.exit(0 if jsonschema.Draft202012Validator(schema).is_valid(document) else 1)
      """, schema, network)
  }

  private static func python(_ code: String, _ arguments: String...) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", code] + arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
