import NetworkTypes
import RuleMatching
import VirtualNetworks

/// A question of a flow file: from where to where, with what, and every field as it was given.
public struct FlowQuestion: Hashable, Sendable {
  /// A field of the question, for answers that repeat it.
  public struct Field: Hashable, Sendable {
    public enum Value: Hashable, Sendable {
      case text(String)
      /// Anything else, as JSON text.
      case json(String)
    }

    public var name: String
    public var value: Value
  }

  /// Every field in the order of the input, those too that mean nothing here.
  public var fields: [Field]
  public var from: Selector
  public var to: Selector
  public var entersAt: Selector?
  /// Protocol with the destination port, or with type and code for ICMP.
  public var service: ServiceKey
  public var sourcePort: UInt16?
  public var isRoundTrip: Bool?
  /// The line on which the question begins, counted from 1.
  public var line: Int

  /// The text of the field `id`, if there is one.
  public var id: String? {
    for field in fields where field.name == "id" {
      switch field.value {
      case .text(let text), .json(let text): return text
      }
    }
    return nil
  }
}

/// What is wrong with one line of a flow file.
public struct FlowQuestionError: Error, Hashable, Sendable, CustomStringConvertible {
  public var file: String
  public var line: Int
  public var column: Int?
  public var field: String?
  public var problem: String

  public init(file: String, line: Int, column: Int? = nil, field: String? = nil, problem: String) {
    self.file = file
    self.line = line
    self.column = column
    self.field = field
    self.problem = problem
  }

  public var description: String {
    "\(file):\(line)\(column.map { ":\($0)" } ?? ""): \(field.map { $0 + ": " } ?? "")\(problem)"
  }
}

/// One field of a line, read but not yet understood.
struct RawField {
  var name: String
  var value: JSONValue
  /// How an answer repeats it.
  var given: FlowQuestion.Field.Value
}

extension FlowQuestion {
  /// What is wrong with a field.
  struct FieldError: Error {
    var field: String?
    var problem: String
  }

  /// Understands the fields of one line.
  init(_ raw: [RawField], line: Int) throws(FieldError) {
    let values = FieldValues(raw)
    guard let from = try values.selector("from"), let to = try values.selector("to") else {
      throw FieldError(problem: "found no \"\(values.has("from") ? "to" : "from")\", expected one")
    }
    guard let ipProtocol = try values.ipProtocol() else {
      throw FieldError(problem: "found no \"protocol\", expected one")
    }
    self.from = from
    self.to = to
    entersAt = try values.selector("enters_at")
    let port = try values.number("port", atMost: .max)
    let kind = (
      type: try values.number("icmp_type", atMost: 255), code: try values.number("icmp_code", atMost: 255)
    )
    if ipProtocol.hasPorts {
      guard let port else {
        throw FieldError(problem: "found no \"port\", expected one: \(ipProtocol) has ports")
      }
      service = ServiceKey(ipProtocol, port: port)
    } else if ipProtocol.hasICMPKind {
      let echo: UInt16 = ipProtocol == .icmp ? 8 : 128
      service = ServiceKey(ipProtocol, port: (kind.type ?? echo) << 8 | (kind.code ?? 0))
    } else {
      service = ServiceKey(ipProtocol, port: 0)
    }
    sourcePort = try values.number("from_port", atMost: .max)
    isRoundTrip = try values.flag("round_trip")
    fields = raw.filter { $0.value != .null }.map { Field(name: $0.name, value: $0.given) }
    self.line = line
  }
}

/// The fields of a line by name.
private struct FieldValues {
  private let raw: [RawField]
  private typealias FieldError = FlowQuestion.FieldError

  init(_ raw: [RawField]) { self.raw = raw }

  func has(_ name: String) -> Bool { value(name) != nil }

  private func value(_ name: String) -> JSONValue? {
    for field in raw where field.name == name { return field.value == .null ? nil : field.value }
    return nil
  }

  func selector(_ name: String) throws(FlowQuestion.FieldError) -> Selector? {
    guard let value = value(name) else { return nil }
    guard case .string(let text) = value else {
      throw FieldError(field: name, problem: "found \(value.kindName), expected a string")
    }
    do {
      return try Selector(text)
    } catch {
      throw FieldError(field: name, problem: "\(error)")
    }
  }

  func ipProtocol() throws(FlowQuestion.FieldError) -> IPProtocol? {
    let expected = "tcp, udp, icmp, icmpv6 or a number from 0 to 255"
    switch value("protocol") {
    case nil: return nil
    case .string(let text):
      guard let parsed = IPProtocol(text) else {
        throw FieldError(field: "protocol", problem: "found \"\(text)\", expected \(expected)")
      }
      return parsed
    case .integer(let number):
      guard let byte = UInt8(exactly: number) else {
        throw FieldError(field: "protocol", problem: "found \(number), expected \(expected)")
      }
      return IPProtocol(rawValue: byte)
    case let other?:
      throw FieldError(field: "protocol", problem: "found \(other.kindName), expected \(expected)")
    }
  }

  func number(_ name: String, atMost limit: UInt16) throws(FlowQuestion.FieldError) -> UInt16? {
    let found: String
    switch value(name) {
    case nil: return nil
    case .integer(let number):
      if let value = UInt16(exactly: number), value <= limit { return value }
      found = String(number)
    case .string(let text):
      if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = UInt16(text), value <= limit {
        return value
      }
      found = "\"\(text)\""
    case let other?: found = other.kindName
    }
    throw FieldError(field: name, problem: "found \(found), expected a number from 0 to \(limit)")
  }

  func flag(_ name: String) throws(FlowQuestion.FieldError) -> Bool? {
    switch value(name) {
    case nil: return nil
    case .bool(let flag): return flag
    case .integer(0): return false
    case .integer(1): return true
    case .string(let text):
      switch text.lowercased() {
      case "true", "1": return true
      case "false", "0": return false
      default: throw FieldError(field: name, problem: "found \"\(text)\", expected true or false")
      }
    case let other?: throw FieldError(field: name, problem: "found \(other.kindName), expected true or false")
    }
  }
}
