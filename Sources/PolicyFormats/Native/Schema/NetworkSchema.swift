/// The JSON Schema of the YAML network, for editors that check and complete while one writes.
public enum NetworkSchema {
  /// The schema (draft 2020-12) as JSON text, made of the tables of keys that reader and writer use.
  public static func json() -> String {
    var text = ""
    root.append(to: &text, indent: 0)
    return text + "\n"
  }

  private static var root: SchemaNode {
    let keys = NativeKeys()
    let sections = NativeKind.allCases.map { kind in
      (kind.section, section(kind, summary: "Every \(kind.noun) by its name."))
    }
    return .object([
      ("$schema", .text("https://json-schema.org/draft/2020-12/schema")),
      ("title", .text("Sallyport network")),
      ("description", .text("A virtual network as sallyport reads it: sallyport network -n network.yaml")),
      ("type", .text("object")),
      ("minProperties", .number(1)),
      ("additionalProperties", .flag(false)),
      ("patternProperties", .object([("^x-", .object([("description", .text("Free, for anchors."))]))])),
      ("properties", .object(sections)),
      ("$defs", .object(definitions(keys))),
    ])
  }

  private static func definitions(_ keys: NativeKeys) -> [(String, SchemaNode)] {
    let within = NativeReading.withinVPC.map {
      ($0.section, section($0, summary: "Every \($0.noun) of the VPC."))
    }
    let routes = SchemaNode.object([
      (
        "^([0-9a-fA-F.:]+/[0-9]{1,3}|pl[-/].+|id/.+)$",
        NativeShape.oneOrMany(.either([.text, .object("route")])).schema
      )
    ])
    return [
      definition(keys.vpc, others: within), definition(keys.subnet),
      definition(keys.routeTable, patterns: routes), definition(keys.route), definition(keys.networkACL),
      definition(keys.securityGroup), definition(keys.rule), definition(keys.prefixList),
      definition(keys.instance), definition(keys.volume),
      definition(keys.interface), definition(keys.privateAddress), definition(keys.elasticAddress),
      definition(keys.internetGateway), definition(keys.egressOnlyGateway),
      definition(keys.virtualPrivateGateway),
      definition(keys.natGateway), definition(keys.natAddress), definition(keys.peering),
      definition(keys.peeringSide),
      definition(keys.endpoint), definition(keys.vpnConnection), definition(keys.transitGateway),
      definition(keys.transitAttachment), definition(keys.transitTable), definition(keys.transitRoute),
      definition(keys.loadBalancer), definition(keys.zone), definition(keys.listener),
      definition(keys.targetGroup),
      definition(keys.target),
    ]
  }

  private static func definition<Draft>(
    _ object: NativeObject<Draft>, others: [(String, SchemaNode)] = [], patterns: SchemaNode? = nil
  ) -> (String, SchemaNode) {
    var members: [(String, SchemaNode)] = [
      ("description", .text(object.summary)),
      ("type", .list([.text("object"), .text("null")])),
      ("additionalProperties", .flag(false)),
      ("properties", .object(object.keys.map { ($0.name, $0.shape.schema.described($0.summary)) } + others)),
    ]
    if let patterns { members.append(("patternProperties", patterns)) }
    let required = object.keys.filter(\.isRequired).map { SchemaNode.text($0.name) }
    if !required.isEmpty { members.append(("required", .list(required))) }
    return (object.name, .object(members))
  }

  private static func section(_ kind: NativeKind, summary: String) -> SchemaNode {
    var entry = SchemaNode.object([("$ref", .text("#/$defs/\(definitionName(kind))"))])
    if kind == .prefixList {
      entry = .object([("anyOf", .list([entry, NativeShape.list(.block).schema]))])
    }
    return .object([
      ("description", .text(summary)),
      ("type", .list([.text("object"), .text("null")])),
      ("additionalProperties", entry),
    ])
  }

  private static func definitionName(_ kind: NativeKind) -> String {
    switch kind {
    case .elasticAddress: "elastic_address"
    case .networkInterface: "interface"
    default: String(kind.section.dropLast())
    }
  }
}

/// A part of the schema.
enum SchemaNode: Sendable {
  case text(String)
  case number(Int)
  case flag(Bool)
  case list([SchemaNode])
  case object([(String, SchemaNode)])

  func described(_ summary: String) -> SchemaNode {
    guard case .object(let members) = self else { return self }
    return .object([("description", .text(summary))] + members)
  }

  func append(to text: inout String, indent: Int) {
    let space = String(repeating: " ", count: indent + 2)
    switch self {
    case .text(let value):
      text += "\"" + value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    case .number(let value): text += String(value)
    case .flag(let value): text += value ? "true" : "false"
    case .list(let elements):
      text += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { text += ", " }
        element.append(to: &text, indent: indent)
      }
      text += "]"
    case .object(let members):
      text += "{"
      for (index, (name, value)) in members.enumerated() {
        text += (index > 0 ? "," : "") + "\n\(space)\"\(name)\": "
        value.append(to: &text, indent: indent + 2)
      }
      text += members.isEmpty ? "}" : "\n" + String(repeating: " ", count: indent) + "}"
    }
  }
}

extension NativeShape {
  /// What a value of this shape must be.
  var schema: SchemaNode {
    func type(_ name: String, _ rest: [(String, SchemaNode)] = []) -> SchemaNode {
      .object([("type", .text(name))] + rest)
    }
    let nothing = type("null")
    switch self {
    // A name of digits is a number for YAML.
    case .text, .reference: return .object([("type", .list([.text("string"), .text("number")]))])
    case .flag: return type("boolean")
    case .integer(let range):
      return type(
        "integer", [("minimum", .number(range.lowerBound)), ("maximum", .number(range.upperBound))])
    case .address: return type("string", [("pattern", .text("^[0-9a-fA-F.:]+$"))])
    case .block: return type("string", [("pattern", .text("^[0-9a-fA-F.:]+/[0-9]{1,3}$"))])
    case .rule(let isNumbered):
      let number = isNumbered ? "[0-9]+\\s+([Aa][Ll][Ll][Oo][Ww]|[Dd][Ee][Nn][Yy])\\s+" : ""
      let ends = "([Ff][Rr][Oo][Mm]|[Tt][Oo])\\s+\\S"
      return type("string", [("pattern", .text("^\\s*\(number)[-A-Za-z0-9]+(\\s+\\S+)?\\s+\(ends)"))])
    case .word(let words): return .object([("enum", .list(words.map(SchemaNode.text)))])
    case .list(let element):
      return .object([("type", .list([.text("array"), .text("null")])), ("items", element.schema)])
    case .oneOrMany(let element):
      return .object([("anyOf", .list([element.schema, NativeShape.list(element).schema]))])
    case .map(let element):
      return .object([
        ("type", .list([.text("object"), .text("null")])), ("additionalProperties", element.schema),
      ])
    case .object(let name): return .object([("$ref", .text("#/$defs/\(name)"))])
    case .either(let shapes): return .object([("anyOf", .list(shapes.map(\.schema)))])
    case .nullable(let shape): return .object([("anyOf", .list([shape.schema, nothing]))])
    }
  }
}
