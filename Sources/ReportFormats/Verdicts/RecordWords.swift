import Filtering

/// The constant parts of a verdict record, as bytes.
struct RecordWords: Sendable {
  struct Field: Sendable {
    var before: [UInt8]
    /// Whether the value stands in quotation marks.
    var isQuoted: Bool
    /// What is written where the field does not apply.
    var absent: [UInt8]

    /// Appends the field with its value, or what stands where it does not apply.
    @inline(__always)
    func append(to buffer: inout TextBuffer, if applies: Bool, _ write: (inout TextBuffer) -> Void) {
      guard applies else {
        if !absent.isEmpty { buffer.append(absent) }
        return
      }
      buffer.append(before)
      write(&buffer)
      if isQuoted { buffer.append(byte: UInt8(ascii: "\"")) }
    }
  }

  let frame: [UInt8]
  let time, length, source, destination, ipProtocol: Field
  let sourcePort, destinationPort, icmpType, icmpCode, tcpFlags: Field
  let outerSource, outerDestination, network, duplicate: Field
  /// What ends a record.
  let end: [UInt8]
  /// By class and by state, each with what stands before it.
  let verdicts: [[UInt8]]
  let states: [[UInt8]]

  init(_ format: VerdictWriter.Format) {
    let isCSV = format == .csv
    func field(_ name: String, isText: Bool) -> Field {
      let isQuoted = isText && !isCSV
      let before = isCSV ? "," : ",\"\(name)\":" + (isQuoted ? "\"" : "")
      return Field(before: Array(before.utf8), isQuoted: isQuoted, absent: isCSV ? [UInt8(ascii: ",")] : [])
    }
    frame = isCSV ? [] : Array("{\"frame\":".utf8)
    time = field("time", isText: true)
    length = field("length", isText: false)
    source = field("src_ip", isText: true)
    destination = field("dst_ip", isText: true)
    ipProtocol = field("protocol", isText: true)
    sourcePort = field("src_port", isText: false)
    destinationPort = field("dst_port", isText: false)
    icmpType = field("icmp_type", isText: false)
    icmpCode = field("icmp_code", isText: false)
    tcpFlags = field("tcp_flags", isText: true)
    outerSource = field("outer_src_ip", isText: true)
    outerDestination = field("outer_dst_ip", isText: true)
    network = field("vni", isText: false)
    duplicate = field("duplicate", isText: false)
    end = Array((isCSV ? "\r\n" : "}\n").utf8)
    verdicts = PacketClass.allCases.map { Array((isCSV ? ",\($0)" : ",\"verdict\":\"\($0)\"").utf8) }
    states = FlowState.allCases.map { Array((isCSV ? ",\($0)" : ",\"state\":\"\($0)\"").utf8) }
  }
}

/// What a record says after the state, up to what is around the packet: the same for every packet of an outcome.
struct RecordEnding {
  private var fields: [(name: String, value: String?)]

  init(_ outcome: PathOutcome, _ filter: PacketFilter) {
    let step = outcome.recordedStep(filter)
    fields = [
      ("interface", step?.interface.map { filter.id(of: $0).rawValue }),
      ("direction", step?.direction.description),
      ("stage", step?.stage.description),
      ("code", step?.code?.rawValue),
      ("rule", step.flatMap { Self.rule(of: $0, filter) }),
      (
        "missing",
        outcome.packetClass == .unknown ? step.map { filter.explain(unknown: $0) } ?? "the way" : nil
      ),
    ]
  }

  /// The value of a field, or nil where it does not apply.
  subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

  /// `sg-…/sgr-…`, `acl-…/100`; `acl-…/*` for the final deny.
  private static func rule(of step: PathStep, _ filter: PacketFilter) -> String? {
    if let rule = step.rule {
      let entry = filter.rules[rule]
      return entry.kind == .route ? nil : "\(entry.owner)/\(entry.id)"
    }
    guard step.element == .networkACL, step.action == .deny, let acl = step.resource else { return nil }
    return "\(filter.id(of: acl))/*"
  }

  /// The fields, without the end of the line.
  func bytes(_ format: VerdictWriter.Format) -> [UInt8] {
    switch format {
    case .csv:
      return Array((fields.map { "," + Self.quoted($0.value ?? "") }.joined()).utf8)
    case .ndjson:
      let members = fields.compactMap { field in
        field.value.map { ",\"\(field.name)\":\(JSONText.string($0).compact())" }
      }
      return Array(members.joined().utf8)
    }
  }

  /// RFC 4180: quotes around what holds a comma, a quote or a line end, quotes within doubled.
  private static func quoted(_ value: String) -> String {
    let isPlain = value.utf8.allSatisfy { ![0x22, 0x2c, 0x0a, 0x0d].contains($0) }
    return isPlain ? value : "\"\(value.replacing("\"", with: "\"\""))\""
  }
}

extension PathOutcome {
  /// The step that a record names: what denied or is unknown, or else the last group or ACL whose rule admitted the
  /// packet.
  func recordedStep(_ filter: PacketFilter) -> PathStep? {
    guard packetClass == .allow else { return decisiveStep }
    let admission = steps.last { step in step.rule.map { filter.rules[$0].kind != .route } ?? false }
    return admission ?? decisiveStep
  }
}
