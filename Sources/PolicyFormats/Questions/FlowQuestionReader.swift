import VirtualNetworks

/// Reads files of flow questions: NDJSON, or CSV with a header line (RFC 4180), told apart by their first character.
///
/// Columns and keys: `id`, `from`, `to`, `enters_at`, `protocol`, `port`, `from_port`, `icmp_type`, `icmp_code`,
/// `round_trip`. Others are kept for the answer. A line that is not right is an error in its place; the others are read.
public struct FlowQuestionReader: Sendable {
  public typealias Entry = Result<FlowQuestion, FlowQuestionError>

  public var limits: ReadingLimits
  /// Bytes of one line, or of one CSV record.
  public var lineLimit = 1 << 20

  public init(limits: ReadingLimits = ReadingLimits()) { self.limits = limits }

  /// Reads a file, or standard input for `-`: a question or an error for each line that is not blank, in order.
  public func read(path: String) throws(PolicyFormatError) -> [Entry] {
    if path != "-" && !InputFiles.exists(path) {
      throw .unreadablePath(path: path, reason: "there is no such file")
    }
    let files = InputFiles(limits: limits)
    if path != "-" && files.isFolder(path) {
      throw .unreadablePath(path: path, reason: "is a folder, expected a file")
    }
    return read(try files.bytes(of: path), file: path == "-" ? "standard input" : path)
  }

  /// Reads questions from bytes; `file` is what errors call them.
  public func read(_ bytes: [UInt8], file: String) -> [Entry] {
    let start = bytes.firstIndex { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
    let expected = "expected a JSON object a line, or CSV with a header line"
    switch start.map({ bytes[$0] }) {
    case nil: return [.failure(FlowQuestionError(file: file, line: 1, problem: "found nothing, \(expected)"))]
    case UInt8(ascii: "{"): return ndjson(bytes, file)
    case UInt8(ascii: "["):
      let problem = "found an array, \(expected); make it with: jq -c '.[]'"
      return [.failure(FlowQuestionError(file: file, line: 1, problem: problem))]
    default: return csv(bytes, file)
    }
  }

  // MARK: NDJSON

  private func ndjson(_ bytes: [UInt8], _ file: String) -> [Entry] {
    var entries: [Entry] = []
    var line = 0
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: 0x0a) ?? bytes.count
      line += 1
      let content = bytes[start..<end]
      start = end + 1
      if content.allSatisfy({ [0x20, 0x09, 0x0d].contains($0) }) { continue }
      guard content.count <= lineLimit else {
        entries.append(.failure(tooLong(file, line)))
        continue
      }
      entries.append(question(of: Array(content), file, line))
    }
    return entries
  }

  private func question(of content: [UInt8], _ file: String, _ line: Int) -> Entry {
    do {
      return entry(try fields(content), file, line)
    } catch {
      return .failure(
        FlowQuestionError(
          file: file, line: line, column: error.column,
          problem: "found \(error.found), expected \(error.expected)"))
    }
  }

  /// The members of the object on a line, in order, with their text.
  private func fields(_ content: [UInt8]) throws(JSONSyntaxError) -> [RawField] {
    var parser = JSONParser(content)
    var fields: [RawField] = []
    var names: Set<String> = []
    try parser.forEachMember { parser, name, offset throws(JSONSyntaxError) in
      guard names.insert(name).inserted else {
        throw parser.error(at: offset, found: "\"\(name)\" a second time", expected: "each name once")
      }
      _ = parser.peek()
      let start = parser.position
      let value = try parser.value()
      let given: FlowQuestion.Field.Value =
        if case .string(let text) = value {
          .text(text)
        } else {
          .json(String(decoding: content[start..<parser.position], as: UTF8.self))
        }
      fields.append(RawField(name: name, value: value, given: given))
    }
    guard parser.isAtEnd() else { throw parser.error(expected: "the end of the line") }
    return fields
  }

  // MARK: CSV

  private func csv(_ bytes: [UInt8], _ file: String) -> [Entry] {
    var records = CSVRecords(bytes, limit: lineLimit)
    guard let (headerLine, header) = records.next() else { return [] }
    let names: [String]
    switch header {
    case .failure(let error): return [.failure(self.error(error, file, headerLine))]
    case .success(let cells): names = cells.map { $0.trimmingSpaces() }
    }
    if let problem = Self.problem(ofHeader: names) {
      return [.failure(FlowQuestionError(file: file, line: headerLine, problem: problem))]
    }
    var entries: [Entry] = []
    while let (line, record) = records.next() {
      switch record {
      case .failure(let error): entries.append(.failure(self.error(error, file, line)))
      case .success([""]): continue
      case .success(let cells) where cells.count != names.count:
        let problem = "found \(cells.count) fields, expected \(names.count) as in the header"
        entries.append(.failure(FlowQuestionError(file: file, line: line, problem: problem)))
      case .success(let cells):
        entries.append(entry(zip(names, cells).map { Self.field($0, $1) }, file, line))
      }
    }
    return entries
  }

  private static func problem(ofHeader names: [String]) -> String? {
    let needed = ["from", "to", "protocol"]
    guard needed.allSatisfy(names.contains) else {
      let shown = names.prefix(4).joined(separator: ",").prefix(60)
      return
        "found \"\(shown)\(names.count > 4 ? ",…" : "")\", expected JSON, or a CSV header with from, to and protocol"
        + " among its columns, separated by commas"
    }
    let repeated = Dictionary(grouping: names) { $0 }.filter { $0.value.count > 1 && !$0.key.isEmpty }.keys
      .min()
    return repeated.map { "found the column \"\($0)\" twice, expected it once" }
  }

  /// A cell; empty ones are not given, and numbers come back as numbers.
  private static func field(_ name: String, _ cell: String) -> RawField {
    if cell.isEmpty { return RawField(name: name, value: .null, given: .text("")) }
    let isNumber =
      cell.utf8.allSatisfy { (0x30...0x39).contains($0) } && (cell.utf8.first != 0x30 || cell.utf8.count == 1)
    let isFlag = cell.lowercased() == "true" || cell.lowercased() == "false"
    let given: FlowQuestion.Field.Value =
      switch name {
      case "protocol", "port", "from_port", "icmp_type", "icmp_code": isNumber ? .json(cell) : .text(cell)
      case "round_trip": isFlag ? .json(cell.lowercased()) : .text(cell)
      default: .text(cell)
      }
    return RawField(name: name, value: .string(cell), given: given)
  }

  // MARK: Entries

  private func entry(_ fields: [RawField], _ file: String, _ line: Int) -> Entry {
    do {
      return .success(try FlowQuestion(fields, line: line))
    } catch {
      return .failure(FlowQuestionError(file: file, line: line, field: error.field, problem: error.problem))
    }
  }

  private func error(_ error: CSVRecords.Problem, _ file: String, _ line: Int) -> FlowQuestionError {
    switch error {
    case .tooLong: tooLong(file, line)
    case .textAfterQuote:
      FlowQuestionError(file: file, line: line, problem: "found text after a closing quote, expected a comma")
    case .openQuote:
      FlowQuestionError(file: file, line: line, problem: "found no closing quote, expected one")
    case .quoteInText:
      FlowQuestionError(
        file: file, line: line,
        problem: "found a quote within a field, expected the field in quotes, its own doubled")
    }
  }

  private func tooLong(_ file: String, _ line: Int) -> FlowQuestionError {
    FlowQuestionError(
      file: file, line: line, problem: "found a longer line, expected at most \(lineLimit) bytes")
  }
}

extension String {
  fileprivate func trimmingSpaces() -> String {
    let body = drop { $0 == " " || $0 == "\t" }
    return String(body.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
  }
}
