/// The formats in which networks are read; recognised by content, never by name.
public enum PolicyFormat: String, Hashable, Sendable, CaseIterable {
  /// Answers of `aws … describe-*`, JSON.
  case awsDescribe = "aws"
  /// Sallyport's own YAML form.
  case native = "sallyport"

  /// What stands at the start of an input.
  enum Recognition: Hashable {
    case json
    case yaml
    case foreign(ForeignInput)
  }

  /// Looks at the first bytes of an input that is not empty.
  static func recognize(_ bytes: [UInt8]) -> Recognition {
    let start = bytes.prefix(8)
    for (magic, kind) in magics where start.starts(with: magic) { return .foreign(kind) }
    let text = bytes.prefix(4096).drop { [0x20, 0x09, 0x0a, 0x0d].contains($0) }
    switch text.first {
    case nil, UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\""): return .json
    case UInt8(ascii: "<"): return .foreign(.html)
    default: return .foreign(ofText: String(decoding: text, as: UTF8.self))
    }
  }

  private static let magics: [([UInt8], ForeignInput)] = [
    ([0xd4, 0xc3, 0xb2, 0xa1], .capture), ([0xa1, 0xb2, 0xc3, 0xd4], .capture),
    ([0x4d, 0x3c, 0xb2, 0xa1], .capture), ([0xa1, 0xb2, 0x3c, 0x4d], .capture),
    ([0x0a, 0x0d, 0x0d, 0x0a], .capture), ([0x1f, 0x8b], .compressed),
    ([0x28, 0xb5, 0x2f, 0xfd], .compressed),
    ([0x42, 0x5a, 0x68], .compressed), ([0xfd, 0x37, 0x7a, 0x58, 0x5a], .compressed),
    ([0x50, 0x4b, 0x03, 0x04], .archive),
  ]

  /// What a JSON object is that is no answer of AWS, by its members' names.
  static func foreignObject(_ names: [String]) -> ForeignInput? {
    let names = Set(names)
    if names.contains("planned_values") || names.contains("resource_changes") { return .terraformPlan }
    if names.contains("terraform_version") || names.isSuperset(of: ["serial", "lineage"]) {
      return .terraformState
    }
    if names.contains("AWSTemplateFormatVersion") || names.contains("Resources") { return .cloudFormation }
    if names.isSuperset(of: ["apiVersion", "kind"]) { return .kubernetes }
    if names.contains("$schema") && names.contains("resources") { return .azureTemplate }
    return names.contains("schema") ? .sallyportResult : nil
  }
}

extension PolicyFormat.Recognition {
  fileprivate static func foreign(ofText text: String) -> Self {
    let line = text.prefix { $0 != "\n" && $0 != "\r\n" }
    if line.hasPrefix("---") && line.count > 8 && line.allSatisfy({ $0 == "-" }) {
      return .foreign(.awsTable)
    }
    if line.hasPrefix("+--") || line.hasPrefix("||") { return .foreign(.awsTable) }
    if line.contains("\t"), line.prefix(while: { $0 != "\t" }).allSatisfy({ $0.isUppercase || $0.isNumber }) {
      return .foreign(.awsText)
    }
    // Comments and the mark of a document's start come before what tells.
    let isBeforeContent = { (line: Substring) in
      line.hasPrefix("#") || line.hasPrefix("---") || line.hasPrefix("%YAML")
        || line.allSatisfy(\.isWhitespace)
    }
    if isBeforeContent(line[...]) {
      let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      guard let first = lines.firstIndex(where: { !isBeforeContent($0) }) else { return .yaml }
      let rest = lines[first...].joined(separator: "\n")
      let kind = Self.foreign(ofText: rest)
      // A JSON document may not begin with a comment.
      return kind == .json || kind == .foreign(.other) ? .yaml : kind
    }
    let words = ["resource \"", "terraform {", "provider \"", "module \"", "variable \"", "data \""]
    if words.contains(where: text.hasPrefix) { return .foreign(.terraformPlanFile) }
    let name = line.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    let rest = line.dropFirst(name.count)
    if !name.isEmpty && (rest == ":" || rest.hasPrefix(": ")) {
      if name == "AWSTemplateFormatVersion" || name == "Resources" { return .foreign(.cloudFormation) }
      if name == "apiVersion" { return .foreign(.kubernetes) }
      return AWSImporter.resources[String(name)] == nil ? .yaml : .foreign(.awsYAML)
    }
    // A word such as `nul` or `tru`: let the reader of JSON say where it breaks.
    let isWord = line.first.map { "tfn-0123456789".contains($0) } ?? false
    return isWord && !line.contains("\t") ? .json : .foreign(.other)
  }
}
