import NetworkTypes
import VirtualNetworks

/// One JSON object of an AWS answer together with its place, so that every problem can say where it is.
///
/// A member that is absent or null reads as nil without complaint; one of the wrong kind is a problem.
struct AWSRecord {
  let object: JSONObject
  let location: SourceLocation
  let log: ImportLog

  func has(_ name: String) -> Bool { value(name) != nil }

  /// The member's value unless it is absent or null.
  func value(_ name: String) -> JSONValue? {
    switch object[name] {
    case nil, .null: nil
    case let value: value
    }
  }

  /// A string, or a number or Boolean as its text; nil if it is empty.
  func text(_ name: String) -> String? {
    switch value(name) {
    case nil: return nil
    case .string(let text): return text.isEmpty ? nil : text
    case .integer(let number): return String(number)
    case let other?:
      wrongType(name, found: other, expected: "a string")
      return nil
    }
  }

  /// An integer, or a string of digits (AWS sends ports and counts both ways).
  func integer(_ name: String) -> Int? {
    switch value(name) {
    case nil: return nil
    case .integer(let number): return number
    case .string(let text) where Int(text) != nil: return Int(text)
    case let other?:
      wrongType(name, found: other, expected: "an integer")
      return nil
    }
  }

  /// An integer that no verdict hangs on; one that cannot be is passed over with a warning.
  func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
    guard let number = integer(name), !range.contains(number) else { return integer(name) }
    log.add(
      .warning, "out_of_range", at: location.appending("." + name),
      "\(name) is \(number); expected \(range.lowerBound) to \(range.upperBound); it is passed over")
    return nil
  }

  func flag(_ name: String) -> Bool? {
    switch value(name) {
    case nil: return nil
    case .bool(let flag): return flag
    case .string("true"): return true
    case .string("false"): return false
    case let other?:
      wrongType(name, found: other, expected: "true or false")
      return nil
    }
  }

  func id(_ name: String) -> ResourceID? { text(name).map(ResourceID.init(rawValue:)) }

  /// The member's object with its own place, or nil.
  func record(_ name: String) -> AWSRecord? {
    switch value(name) {
    case nil: return nil
    case .object(let object):
      return AWSRecord(object: object, location: location.appending("." + name), log: log)
    case let other?:
      wrongType(name, found: other, expected: "an object")
      return nil
    }
  }

  /// The objects of the member's array; elements of other kinds are problems.
  func records(_ name: String) -> [AWSRecord] {
    array(name).enumerated().compactMap { index, element in
      guard case .object(let object) = element else {
        wrongType("\(name)[\(index)]", found: element, expected: "an object")
        return nil
      }
      return AWSRecord(object: object, location: location.appending(".\(name)[\(index)]"), log: log)
    }
  }

  /// The strings of the member's array.
  func texts(_ name: String) -> [String] {
    array(name).enumerated().compactMap { index, element in
      guard case .string(let text) = element else {
        wrongType("\(name)[\(index)]", found: element, expected: "a string")
        return nil
      }
      return text
    }
  }

  func ids(_ name: String) -> [ResourceID] { texts(name).map(ResourceID.init(rawValue:)) }

  private func array(_ name: String) -> [JSONValue] {
    switch value(name) {
    case nil: return []
    case .array(let elements): return elements
    case let other?:
      wrongType(name, found: other, expected: "an array")
      return []
    }
  }

  private func wrongType(_ name: String, found: JSONValue, expected: String) {
    log.add(
      .error, "wrong_type", at: location.appending("." + name),
      "\(name) is \(found.kindName); expected \(expected)")
  }

  /// An id that the resource cannot do without; its absence is a problem and nil.
  func required(_ name: String, of kind: String, _ resource: ResourceID? = nil) -> ResourceID? {
    if let id = id(name) { return id }
    log.add(
      .error, "missing_member", resource, at: location, "the \(kind) has no \(name); it is left out")
    return nil
  }

  /// Owner, Region (from the zone, an ARN, or what the caller knows) and tags.
  func attributes(
    region: String? = nil, tags: String = "Tags", owner: String = "OwnerId"
  )
    -> ResourceAttributes
  {
    let zone = text("AvailabilityZone").flatMap(AWSRegion.ofZone)
    return ResourceAttributes(
      account: text(owner), region: region ?? zone,
      tags: records(tags).compactMap { tag in
        tag.value("Key").map { _ in Tag(tag.text("Key") ?? "", tag.text("Value") ?? "") }
      },
      location: location)
  }
}

/// Region names out of other names.
enum AWSRegion {
  /// `us-east-1` of `us-east-1a`, `us-west-2` of `us-west-2-lax-1a` and of `us-east-1-wl1-bos-wlz-1`'s kind.
  static func ofZone(_ zone: String) -> String? {
    let parts = zone.split(separator: "-", omittingEmptySubsequences: false)
    // The first part that begins with a digit ends the Region's name: us-gov-west-1a, us-west-2-lax-1a.
    guard let last = parts.firstIndex(where: { $0.first?.isNumber ?? false }), last >= 2 else { return nil }
    let number = parts[last].prefix { $0.isNumber }
    return parts[..<last].joined(separator: "-") + "-" + number
  }

  /// The fourth field of `arn:partition:service:region:account:…`.
  static func ofARN(_ arn: String?) -> String? { field(3, of: arn) }

  /// The fifth field of an ARN.
  static func account(ofARN arn: String?) -> String? { field(4, of: arn) }

  private static func field(_ index: Int, of arn: String?) -> String? {
    guard let arn, arn.hasPrefix("arn:") else { return nil }
    let fields = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
    return fields.count > index && !fields[index].isEmpty ? String(fields[index]) : nil
  }
}
