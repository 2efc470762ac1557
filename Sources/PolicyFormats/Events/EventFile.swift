import NetworkTypes
import VirtualNetworks

/// What happened to a network over time, as a file tells it: Sallyport's YAML, or events of AWS CloudTrail.
///
/// ```yaml
/// events:
///   - at: 2026-01-05T09:10:00Z
///     remove_rule: {group: web, rule: tcp 443 from 0.0.0.0/0}
///   - at: +90s                    # after the first packet
///     stop: web-1
/// ```
public struct EventFile {
  /// The events in the order of the file, not yet looked up in a network.
  private(set) var events: [PendingEvent]
  /// Calls that change a network in a way that is not modelled, by name.
  private(set) var unmodelled: [String: UnmodelledCalls] = [:]
  private var file: String
  /// Whether the file says nothing about events.
  public private(set) var isForeign = false

  /// An event that is read when its time comes: what it names must be looked up in the network of that time.
  struct PendingEvent {
    var time: EventTime
    var title: String
    var location: SourceLocation
    /// The record of CloudTrail, which may deliver it twice.
    var record: JSONObject?
    /// Whether it is an error that it does not fit the network: what a person wrote is, what a log tells is not.
    var isStrict = false
    var read: (VirtualNetwork) throws -> [NetworkChange]
  }

  enum EventTime {
    case at(CaptureTime)
    /// Nanoseconds after the first packet.
    case afterStart(Int64)
  }

  /// Reads a file, recognised by its content. Throws a ``PolicyFormatError`` or ``YAMLProblems`` that says where.
  public init(path: String, limits: ReadingLimits = ReadingLimits()) throws {
    let bytes = try InputFiles(limits: limits).bytes(of: path)
    try self.init(parsing: bytes, file: path == "-" ? "standard input" : path)
  }

  /// - Parameters:
  ///   - bytes: UTF-8, or UTF-16 with a mark.
  ///   - isOneOfMany: Whether it may be about something else, as some files of a folder are.
  public init(parsing bytes: [UInt8], file: String, isOneOfMany: Bool = false) throws {
    self.file = file
    if case .foreign(let kind) = PolicyFormat.recognize(bytes),
      [.capture, .compressed, .archive, .html].contains(kind)
    {
      throw EventError.foreign(file, kind.name)
    }
    let bytes = try InputFiles.utf8(bytes, path: file)
    let first = bytes.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
    guard let first else { throw EventError.foreign(file, "nothing: it is empty") }
    if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
      let reader = try CloudTrailReader(bytes, file: file)
      events = reader.events
      unmodelled = reader.unmodelled
      isForeign = reader.isForeign
      if isForeign && !isOneOfMany {
        throw EventError.foreign(file, "JSON without events of AWS CloudTrail")
      }
    } else {
      events = try Self.yamlEvents(bytes, file: file)
    }
  }

  /// The events of several files of one folder. Throws if there are too many.
  public init(merging files: [EventFile], folder: String) throws {
    file = folder
    events = files.flatMap(\.events)
    for file in files {
      for (name, calls) in file.unmodelled { unmodelled[name, default: UnmodelledCalls()].formUnion(calls) }
    }
    isForeign = files.allSatisfy(\.isForeign)
    guard events.count <= CloudTrailReader.limit else {
      throw PolicyFormatError.tooLarge(path: folder, what: "too many events", limit: CloudTrailReader.limit)
    }
  }

  /// What is not modelled.
  public var warnings: [String] {
    unmodelled.sorted { $0.key < $1.key }.map { name, calls in
      let count = calls.count
      let noun = name.hasSuffix("Event") ? name : name + " event"
      return
        "\(file): \(count) \(noun)\(count == 1 ? " is" : "s are") not modelled and passed over; what "
        + "\(count == 1 ? "it" : "they") changed is not in the audit"
    }
  }

  /// Puts the events in order of time and makes their changes one after another, each looked up and checked in the
  /// network as those before have left it.
  ///
  /// - Parameter start: The time of the first packet, from which relative times count.
  public func timeline(of network: VirtualNetwork, start: CaptureTime) throws -> EventTimeline {
    var timeline = EventTimeline(warnings: warnings)
    var network = network
    var told: Set<JSONObject> = []
    let once = events.filter { event in
      // What has no name of its own may well have happened twice.
      guard let record = event.record, record["eventID"] != nil else { return true }
      return told.insert(record).inserted
    }
    let timed = once.enumerated().map { offset, event in
      let time =
        switch event.time {
        case .at(let time): time
        case .afterStart(let delta): start.advanced(byNanoseconds: delta)
        }
      return (time: time, offset: offset, event: event)
    }.sorted { ($0.time, $0.offset) < ($1.time, $1.offset) }
    for (time, _, event) in timed {
      do {
        let changes = try event.read(network)
        guard !changes.isEmpty else { continue }
        var changed = network
        for change in changes { try changed.apply(change) }
        network = changed
        timeline.events.append(
          NetworkEvent(at: time, changes, title: event.title, location: event.location))
      } catch {
        let place = event.location.description
        let message =
          error is YAMLProblem
          ? "\(error)" : "\(place)\(place.isEmpty ? "" : ": ")\(event.title) at \(time): \(error)"
        if event.isStrict { throw EventError(message: message) }
        timeline.warnings.append(message + "; passed over")
      }
    }
    return timeline
  }
}

/// Events in order of time, each of which can be made after those before.
public struct EventTimeline: Sendable {
  public var events: [NetworkEvent] = []
  public var warnings: [String] = []
}

/// An event that cannot be made, with its place.
public struct EventError: Error, Sendable, CustomStringConvertible {
  public var message: String
  public var description: String { message }

  public init(message: String) { self.message = message }

  /// An input that says nothing about events.
  public static func foreign(_ path: String, _ found: String) -> EventError {
    EventError(
      message:
        "\(path): found \(found), expected Sallyport's YAML (events: …), or log files or events of AWS CloudTrail"
    )
  }
}

extension EventFile {
  private static func yamlEvents(_ bytes: [UInt8], file: String) throws -> [PendingEvent] {
    let document: YAMLDocument
    do { document = try YAMLDocument(parsing: bytes, file: file) } catch { throw YAMLProblems([error]) }
    let log = YAMLProblemLog(document.problems)
    var events: [PendingEvent] = []
    var foreign: String?
    _ = log.attempt { () throws(YAMLProblem) in
      var list = document.root
      if case .mapping(let root) = document.root.content {
        if root["events"] == nil, let key = root.keys.first(where: Self.networkKeys.contains) {
          foreign = "a network (\"\(key)\"; networks are given with -n)"
          return
        }
        log.checkKeys(of: root, known: ["events"])
        list = try root.required("events")
      }
      for node in try list.list("a list of events: - {at: 2026-01-05T09:10:00Z, stop: web-1}") {
        if let event = log.attempt({ () throws(YAMLProblem) in try event(node) }) { events.append(event) }
      }
    }
    if let foreign { throw EventError.foreign(file, foreign) }
    try log.throwIfAny()
    return events
  }

  private static let networkKeys = Set(NativeKind.allCases.map(\.section))

  private static func event(_ node: YAMLNode) throws(YAMLProblem) -> PendingEvent {
    let mapping = try node.mapping("an event: {at: 2026-01-05T09:10:00Z, stop: web-1}")
    let unknown = YAMLProblemLog()
    unknown.checkKeys(of: mapping, known: ["at"] + ChangeReader.keys)
    if let first = unknown.problems.first { throw first }
    let time = try mapping.required("at").value(
      "a time (2026-01-05T09:10:00Z), or one after the first packet (+90s, +1.5m, +2h)", Self.time)
    let members = mapping.members.filter { ChangeReader.keys.contains($0.key) }
    guard !members.isEmpty else {
      throw YAMLProblem(
        at: node.location, found: "an event that changes nothing",
        expected: "one of \(ChangeReader.keys.joined(separator: ", "))")
    }
    return PendingEvent(
      time: time, title: members.map(\.key).joined(separator: ", "), location: node.location, isStrict: true
    ) { network in
      var network = network
      var changes: [NetworkChange] = []
      for member in members {
        let made = try ChangeReader(network).changes(member.key, member.value)
        for change in made {
          do throws(NetworkChangeError) { try network.apply(change) } catch {
            throw YAMLProblem(at: member.value.location, error.description)
          }
        }
        changes += made
      }
      return changes
    }
  }

  /// `2026-01-05T09:10:00Z`, `+90`, `+90s`, `+1.5m`, `+2h`, `+250ms`.
  private static func time(_ text: String) -> EventTime? {
    if let time = CaptureTime(text) { return .at(time) }
    guard text.hasPrefix("+") else { return nil }
    let number = text.dropFirst().prefix { $0.isNumber || $0 == "." }
    let units: [Substring: Double] = ["": 1e9, "s": 1e9, "ms": 1e6, "m": 60e9, "h": 3600e9]
    guard let value = Double(number), value.isFinite, value >= 0,
      let unit = units[text.dropFirst(1 + number.count)], value * unit < 9e18
    else { return nil }
    return .afterStart(Int64((value * unit).rounded()))
  }
}
