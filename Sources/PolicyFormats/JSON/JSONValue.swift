/// A JSON value (RFC 8259) as a reader of policies needs it: order kept, numbers exact where they are integers.
enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

/// The members of a JSON object in the order of the input, each name once: of repeated names the last one counts.
struct JSONObject: Hashable, Sendable {
  struct Member: Hashable, Sendable {
    var name: String
    var value: JSONValue
  }

  var members: [Member] = []

  /// The member's value, or nil; linear, which is quickest at the sizes that clouds answer with.
  subscript(name: String) -> JSONValue? {
    for member in members where member.name == name { return member.value }
    return nil
  }
}

extension JSONValue {
  /// What people call a value of this kind: `a string`, `an object`, `null`.
  var kindName: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .integer, .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

/// How much a JSON document may ask of its reader; past a limit the document is refused, never a crash.
struct JSONLimits: Sendable {
  /// Arrays and objects within each other; AWS answers stay below 12.
  var depth = 128
}

/// Where a JSON document is broken: what stands there and what could have stood there.
struct JSONSyntaxError: Error, Hashable, Sendable {
  /// Counted from 1; the column counts bytes.
  var line: Int
  var column: Int
  var found: String
  var expected: String
}
