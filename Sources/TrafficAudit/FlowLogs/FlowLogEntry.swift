import NetworkTypes
import VirtualNetworks

/// What a line of a flow log says, as far as a judgement needs it.
public struct FlowLogEntry: Sendable, Hashable {
  /// The line's number in its file, from 1.
  public var line: Int
  public var interface: ResourceID?
  /// The packets' own addresses, where the log tells them, or else those of ``shown``.
  public var addresses: AddressPair
  /// `srcaddr` and `dstaddr`: one of them is the interface's, on a NAT gateway's too (semantics FL-11, FL-12).
  public var shown: AddressPair
  public var sourcePort: UInt16
  public var destinationPort: UInt16
  public var ipProtocol: IPProtocol
  public var packets: Int
  public var bytes: Int
  public var start: Int64
  public var isAccepted: Bool
  /// nil where the log does not tell.
  public var tcpFlags: UInt16?
  public var direction: Direction?
  /// `BPA`, `EC`; nil where the log does not tell.
  public var rejectReason: String?

  /// Why a line is not an entry.
  public struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
    public var found: String
    public var expected: String
    public var description: String { "found \(found), expected \(expected)" }
  }

  /// Parses a line; nil for those that tell of no packets (NODATA, SKIPDATA).
  public init?(_ text: String, _ format: FlowLogFormat, line: Int) throws(Fault) {
    guard case .record(let entry) = try FlowLogLine(text, format, line: line) else { return nil }
    self = entry
  }

  fileprivate init(_ values: [FlowLogField: Substring], line: Int) throws(Fault) {
    self.line = line
    interface = values[.interfaceID].map { ResourceID(String($0)) }
    let source = try Self.address(values[.packetSource] ?? values[.source], "source")
    let destination = try Self.address(values[.packetDestination] ?? values[.destination], "destination")
    guard let addresses = AddressPair(source: source, destination: destination) else {
      throw Fault(found: "\(source) and \(destination)", expected: "addresses of one family")
    }
    self.addresses = addresses
    let shownSource = try Self.address(values[.source] ?? values[.packetSource], "source")
    let shownDestination = try Self.address(values[.destination] ?? values[.packetDestination], "destination")
    guard let shown = AddressPair(source: shownSource, destination: shownDestination) else {
      throw Fault(found: "\(shownSource) and \(shownDestination)", expected: "addresses of one family")
    }
    self.shown = shown
    func number<Number: FixedWidthInteger>(_ field: FlowLogField, _ what: String) throws(Fault) -> Number {
      let text = values[field] ?? "0"
      if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Number(text) { return number }
      throw Fault(found: "\(field.rawValue) '\(text)'", expected: what)
    }
    sourcePort = try number(.sourcePort, "0 to 65535")
    destinationPort = try number(.destinationPort, "0 to 65535")
    guard values[.ipProtocol] != nil else { throw Fault(found: "no protocol", expected: "its number") }
    ipProtocol = IPProtocol(rawValue: try number(.ipProtocol, "a number of 0 to 255"))
    packets = try number(.packets, "a number")
    bytes = try number(.bytes, "a number")
    start = try number(.start, "seconds since 1970")
    switch values[.action] {
    case "ACCEPT": isAccepted = true
    case "REJECT": isAccepted = false
    case let other: throw Fault(found: "the action '\(other ?? "-")'", expected: "ACCEPT or REJECT")
    }
    tcpFlags = values[.tcpFlags].flatMap { UInt16($0) }
    direction = values[.direction].flatMap { word in Direction.allCases.first { $0.description == word } }
    rejectReason = values[.rejectReason].map(String.init)
  }

  private static func address(_ text: Substring?, _ end: String) throws(Fault) -> IPAddress {
    guard let text, let address = IPAddress(text) else {
      throw Fault(found: "the \(end) '\(text ?? "-")'", expected: "an address")
    }
    return address
  }

  /// Whether the line's ports look like those of an answer: from a service to whoever asked.
  var looksLikeAnswer: Bool {
    if ipProtocol == .tcp, let tcpFlags, tcpFlags & 2 != 0 { return tcpFlags & 16 != 0 }
    return ipProtocol.hasPorts && sourcePort < destinationPort
  }
}

/// What a line of a flow log tells.
public enum FlowLogLine: Sendable, Hashable {
  case record(FlowLogEntry)
  /// That nothing passed the interface in the interval (NODATA; semantics FL-10).
  case noTraffic
  /// That AWS left records of the interval out, for want of capacity or by an error (SKIPDATA; semantics FL-10).
  case skipped

  /// Fields that have no value where a record tells of no packets.
  private static let fieldsOfTraffic: [FlowLogField] = [
    .source, .destination, .packetSource, .packetDestination, .sourcePort, .destinationPort, .ipProtocol,
    .packets, .bytes, .action,
  ]

  public init(_ text: String, _ format: FlowLogFormat, line: Int) throws(FlowLogEntry.Fault) {
    // Headers may have tabs, and so may what follows them.
    let words = text.utf8.split { $0 == 0x20 || $0 == 0x09 }.map { Substring($0) }
    guard words.count == format.fields.count else {
      throw FlowLogEntry.Fault(
        found: words.count == 1 ? "1 field" : "\(words.count) fields", expected: "\(format.fields.count)")
    }
    var values: [FlowLogField: Substring] = [:]
    for (field, word) in zip(format.fields, words) where word != "-" { values[field] = word }
    switch values[.logStatus] {
    case "NODATA": self = .noTraffic
    case "SKIPDATA": self = .skipped
    // Logs without the status have such lines as well.
    case nil where Self.fieldsOfTraffic.allSatisfy({ values[$0] == nil }): self = .noTraffic
    case "OK", nil: self = .record(try FlowLogEntry(values, line: line))
    case let status?:
      throw FlowLogEntry.Fault(found: "the log status '\(status)'", expected: "OK, NODATA or SKIPDATA")
    }
  }
}
