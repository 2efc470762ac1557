import NetworkTypes
import VirtualNetworks

/// Reads events of AWS CloudTrail: log files (`{"Records": […]}`), single events, arrays and lines of them, the output
/// of `aws cloudtrail lookup-events`, and what EventBridge wraps around an event.
///
/// Calls that failed, that only read, or that change nothing a packet meets are passed over in silence; calls that
/// change the network in a way that is not modelled are warned of, once a kind.
struct CloudTrailReader {
  private(set) var events: [EventFile.PendingEvent] = []
  /// Calls that change a network in a way that is not modelled, by name.
  private(set) var unmodelled: [String: UnmodelledCalls] = [:]
  /// Events of `aws cloudtrail lookup-events`, which tells the newest first; many have the same second.
  private var newestFirst: [EventFile.PendingEvent] = []
  private var isNewestFirst = false
  private let file: String
  private var found = 0

  /// Events of one file.
  static let limit = 1_000_000
  private let limit: Int

  init(_ bytes: [UInt8], file: String, limit: Int = Self.limit) throws {
    self.file = file
    self.limit = limit
    var parser = JSONParser(bytes)
    var documents = 0
    repeat {
      documents += 1
      let value: JSONValue
      do { value = try parser.value() } catch {
        throw PolicyFormatError.brokenJSON(
          path: file, line: error.line, column: error.column, found: error.found, expected: error.expected)
      }
      try read(value, at: SourceLocation(file: file, path: documents == 1 ? "$" : "document \(documents): $"))
    } while !parser.isAtEnd()
    events += newestFirst.reversed()
    newestFirst = []
  }

  /// Whether it is JSON of something else.
  var isForeign: Bool { found == 0 }

  private static func problem(at place: String, _ found: String, expected: String) -> EventError {
    EventError(message: "\(place): found \(found), expected \(expected)")
  }

  private mutating func read(_ value: JSONValue, at location: SourceLocation) throws {
    switch value {
    case .array(let elements):
      for (index, element) in elements.enumerated() {
        try read(element, at: location.appending("[\(index)]"))
      }
    case .object(let object):
      for list in ["Records", "Events"] {
        if case .array(let elements)? = object[list] {
          // A log without events is one, too.
          if elements.isEmpty { found += 1 }
          isNewestFirst = list == "Events"
          defer { isNewestFirst = false }
          for (index, element) in elements.enumerated() {
            try read(element, at: location.appending(".\(list)[\(index)]"))
          }
          return
        }
      }
      if case .string(let text)? = object["CloudTrailEvent"] {
        var parser = JSONParser(Array(text.utf8))
        let inner = location.appending(".CloudTrailEvent")
        do { try read(try parser.value(), at: inner) } catch let error as JSONSyntaxError {
          throw Self.problem(at: inner.description, "broken JSON: \(error.found)", expected: error.expected)
        }
      } else if case .object(let detail)? = object["detail"] {
        try readBridged(object, detail, at: location)
      } else {
        try event(object, at: location)
      }
    default: break
    }
  }

  /// EventBridge: a CloudTrail event, or an instance's change of state.
  private mutating func readBridged(
    _ object: JSONObject, _ detail: JSONObject, at location: SourceLocation
  ) throws {
    guard object["detail-type"] == .string("EC2 Instance State-change Notification") else {
      try event(detail, at: location.appending(".detail"))
      return
    }
    found += 1
    guard case .string(let time)? = object["time"], let moment = CaptureTime(time),
      case .string(let id)? = detail["instance-id"], case .string(let name)? = detail["state"],
      let state = InstanceState(name: name)
    else {
      throw Self.problem(
        at: location.description, "an instance's change of state that lacks one of them",
        expected: "time, detail.instance-id and detail.state")
    }
    try add(
      .init(time: .at(moment), title: "state of \(id)", location: location) { network in
        let now = network.instances.first { $0.id.rawValue == id }?.state
        if let now, InstanceLifecycle.hasPassed(state, at: now) { return [] }
        return [.setState(instance: ResourceID(id), state)]
      })
  }

  private mutating func event(_ object: JSONObject, at location: SourceLocation) throws {
    guard case .string(let name)? = object["eventName"] else { return }
    found += 1
    if case .string? = object["errorCode"] { return }
    let source = if case .string(let source)? = object["eventSource"] { source } else { Self.ownSource }
    guard source == Self.ownSource, let reading = Self.readings[name] else {
      if Self.changesNetwork(name, of: source) {
        let id: String? = if case .string(let id)? = object["eventID"] { id } else { nil }
        unmodelled[name, default: UnmodelledCalls()].add(id)
      }
      return
    }
    guard case .string(let time)? = object["eventTime"], let moment = CaptureTime(time) else {
      throw Self.problem(
        at: location.description, "\(name) without a time",
        expected: "\"eventTime\": \"2026-01-05T09:10:00Z\"")
    }
    try add(
      .init(time: .at(moment), title: name, location: location, record: object) { network in
        let log = ImportLog()
        func part(_ member: String) -> AWSRecord {
          let value = CloudTrailShape.normalized(object[member] ?? .null)
          guard case .object(let members) = value else {
            return AWSRecord(object: JSONObject(), location: location.appending(".\(member)"), log: log)
          }
          return AWSRecord(object: members, location: location.appending(".\(member)"), log: log)
        }
        let call = CloudTrailCall(
          request: part("requestParameters"), response: part("responseElements"), network: network)
        let changes = try reading(call)
        if let problem = log.problems.first(where: { $0.severity == .error }) {
          throw EventError(message: problem.message)
        }
        return changes
      })
  }

  private mutating func add(_ event: EventFile.PendingEvent) throws {
    guard events.count + newestFirst.count < limit else {
      throw PolicyFormatError.tooLarge(path: file, what: "too many events", limit: limit)
    }
    if isNewestFirst { newestFirst.append(event) } else { events.append(event) }
  }
}

/// Calls of one kind that are not modelled; one that was delivered twice counts once.
struct UnmodelledCalls {
  private var ids: Set<String> = []
  private var nameless = 0

  var count: Int { ids.count + nameless }

  mutating func add(_ id: String?) {
    if let id { ids.insert(id) } else { nameless += 1 }
  }

  mutating func formUnion(_ other: UnmodelledCalls) {
    ids.formUnion(other.ids)
    nameless += other.nameless
  }
}

/// One API call with the network at its time.
struct CloudTrailCall {
  var request: AWSRecord
  var response: AWSRecord
  var network: VirtualNetwork
}

/// CloudTrail writes what the API's XML says: members begin in lower case, and lists are wrapped in `items`.
enum CloudTrailShape {
  /// The value as `aws ec2 describe-*` would write it.
  static func normalized(_ value: JSONValue) -> JSONValue {
    switch value {
    case .object(let object):
      if object.members.count == 1, ["items", "item"].contains(object.members[0].name),
        case .array(let elements) = object.members[0].value
      {
        return .array(elements.map(normalized))
      }
      // An empty list is an empty object.
      if object.members.isEmpty { return .null }
      return .object(
        JSONObject(
          members: object.members.map { member in
            JSONObject.Member(name: name(member.name), value: normalized(member.value))
          }))
    case .array(let elements): return .array(elements.map(normalized))
    default: return value
    }
  }

  private static func name(_ name: String) -> String {
    if let other = others[name] { return other }
    return name.prefix(1).uppercased() + name.dropFirst()
  }

  /// Members that are called otherwise there.
  private static let others = [
    "aclProtocol": "Protocol", "groups": "UserIdGroupPairs", "groupSet": "Groups", "tagSet": "Tags",
    "networkInterfaceSet": "NetworkInterfaces", "instancesSet": "Instances", "instanceState": "State",
    "privateIpAddressesSet": "PrivateIpAddresses", "ipv6AddressesSet": "Ipv6Addresses",
    "blockDeviceMapping": "BlockDeviceMappings", "ipAddress": "PublicIp",
    "securityGroupRuleSet": "SecurityGroupRules",
  ]
}
