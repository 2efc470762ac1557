import NetworkTypes
import VirtualNetworks

/// What one file turned out to hold.
struct AWSFileSummary {
  /// Resources or parts of them that were read.
  var resources = 0
  /// Top-level members that are answers of AWS, relevant or not.
  var knownMembers: [String] = []
  var unknownMembers: [String] = []
  /// What the document is instead of an object, if it is.
  var otherRoot: String?
  /// Whether it is a network in Sallyport's own form, which is read when all inputs are known.
  var isNative = false
}

extension AWSImporter {
  /// Reads one file: one document or several after another.
  mutating func read(_ bytes: [UInt8], file: String) throws(JSONSyntaxError) -> AWSFileSummary {
    var parser = JSONParser(bytes)
    var summary = AWSFileSummary()
    var documents = 0
    repeat {
      documents += 1
      let root = SourceLocation(file: file, path: documents == 1 ? "$" : "document \(documents): $")
      if parser.peek() == UInt8(ascii: "{") {
        try document(&parser, at: root, into: &summary)
      } else if parser.peek() == UInt8(ascii: "[") {
        try parser.skipValue()
        summary.otherRoot = "an array"
      } else {
        summary.otherRoot = try parser.value().kindName
      }
    } while !parser.isAtEnd()
    for repeated in parser.repeatedNames.prefix(20) {
      let place = parser.lineAndColumn(of: repeated.offset)
      log.add(
        .note, "repeated_member",
        at: SourceLocation(file: file, line: place.line, column: place.column),
        "\"\(repeated.name)\" occurs twice in one object; the last one counts")
    }
    return summary
  }

  private mutating func document(
    _ parser: inout JSONParser, at root: SourceLocation, into summary: inout AWSFileSummary
  ) throws(JSONSyntaxError) {
    var beside = JSONObject()
    var wholes: [String] = []
    try parser.forEachMember { parser, name, _ throws(JSONSyntaxError) in
      if let reading = Self.resources[name], parser.peek() == UInt8(ascii: "[") {
        summary.knownMembers.append(name)
        summary.resources += try self.elements(&parser, at: root.appending("." + name), reading)
      } else if name == "data", parser.peek() == UInt8(ascii: "{") {
        // Recorders of API calls wrap the answer: {"status_code": 200, "data": {…}}.
        try self.document(&parser, at: root.appending(".data"), into: &summary)
      } else if Self.wholes[name] != nil || Self.companions.contains(name) {
        beside.members.append(JSONObject.Member(name: name, value: try parser.value()))
        if Self.wholes[name] != nil { wholes.append(name) }
      } else if name.lowercased() == "nexttoken" || name == "NextMarker" {
        if case .string = try parser.value() {
          self.log.add(
            .warning, "incomplete_answer", at: root.appending("." + name),
            "the answer is one page of several (\(name)); make it again without --no-paginate or --max-items")
        }
      } else if Self.irrelevant.contains(name) {
        summary.knownMembers.append(name)
        try parser.skipValue()
      } else {
        summary.unknownMembers.append(name)
        try parser.skipValue()
      }
    }
    for name in wholes {
      guard case .array(let elements) = beside[name] else { continue }
      summary.knownMembers.append(name)
      summary.resources += max(elements.count, 1)
      Self.wholes[name]?(&self, AWSRecord(object: beside, location: root, log: log), root.file)
    }
  }

  private mutating func elements(
    _ parser: inout JSONParser, at location: SourceLocation, _ reading: Reading
  ) throws(JSONSyntaxError) -> Int {
    var index = 0
    var resources = 0
    try parser.forEachElement { parser throws(JSONSyntaxError) in
      let place = location.appending("[\(index)]")
      index += 1
      guard case .object(let object) = try parser.value() else {
        // `efs describe-mount-target-security-groups` lists ids under the name that EC2 uses for groups.
        self.log.add(
          .note, "not_a_resource", at: place, "an element that is not an object is passed over")
        return
      }
      resources += 1
      reading(&self, AWSRecord(object: object, location: place, log: self.log))
    }
    return resources
  }
}
