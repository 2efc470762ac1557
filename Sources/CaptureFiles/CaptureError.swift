import NetworkTypes

/// Why a capture cannot be read, or cannot be read further.
///
/// Whatever was read before is delivered first. `input` is the path as given.
public enum CaptureError: Error, Hashable, Sendable {
  /// There is no such file.
  case absence(input: String)
  /// The file cannot be opened or read; `reason` is the system's.
  case refusal(input: String, reason: String)
  /// The process may not have another file open.
  case crowding(input: String)
  /// The path is a folder.
  case directory(input: String)
  /// The input has no bytes.
  case emptiness(input: String)
  /// The input is something else than a capture.
  case foreignContent(input: String, found: ForeignContent)
  /// The format is known but not this version of it.
  case foreignVersion(input: String, format: String, version: String, expected: String)
  /// The capture ends in the middle of a record.
  case truncation(CapturePlace, needed: Int, available: Int)
  /// The file had `length` bytes when it was opened, and `left` when it was read further.
  case shrinkage(input: String, length: UInt64, left: UInt64)
  /// The file was followed, and after `length` bytes there was another: of it `left` bytes are left, or, where that is nil,
  /// its name is another file's.
  case rotation(input: String, length: UInt64, left: UInt64?)
  /// The capture contradicts itself.
  case damage(CaptureDamage)
  /// The capture has more of something than the limit.
  case excess(input: String, what: String, limit: Int)
  /// The filter expression is not valid, or not for this link type.
  case filter(expression: String, linkType: LinkType, reason: String)
}

/// A place in a capture.
public struct CapturePlace: Hashable, Sendable {
  public var input: String
  /// Byte offset in the capture; in the uncompressed bytes, if it is a gzip file.
  public var offset: UInt64
  /// Packets that were read before this place.
  public var packetsBefore: UInt64
  /// What stands, or ought to stand, there.
  public var item: String
}

/// A contradiction in a capture.
public struct CaptureDamage: Hashable, Sendable {
  public var place: CapturePlace
  public var found: String
  public var expected: String
}

extension CaptureError {
  /// Whether packets were, or may have been, read before this error: the input was a capture.
  public var isCut: Bool {
    switch self {
    case .truncation, .shrinkage, .rotation, .damage, .excess: true
    default: false
    }
  }
}

extension CaptureError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .absence(let input): "\(name(input)): there is no such file"
    case .refusal(let input, let reason): "\(name(input)): cannot be read: \(reason)"
    case .crowding(let input):
      "\(name(input)): cannot be opened: the process may not have more files open (ulimit -Hn)"
    case .directory(let input):
      "\(name(input)): is a folder, expected a capture file (captures are given one by one; "
        + "a folder of AWS describe outputs goes to --network)"
    case .emptiness(let input): "\(name(input)): is empty, expected a pcap or pcapng capture"
    case .foreignContent(let input, let found):
      "\(name(input)): is \(found.name), expected a pcap or pcapng capture"
        + (found.advice.map { " (\($0))" } ?? "")
    case .foreignVersion(let input, let format, let version, let expected):
      "\(name(input)): is \(format) version \(version), expected \(expected)"
    case .truncation(let place, let needed, let available):
      "\(at(place)): the capture is cut off in the middle: \(place.item) needs \(needed) bytes, "
        + "\(available) are left"
    case .shrinkage(let input, let length, let left):
      "\(name(input)): became shorter while it was being read: of \(length) bytes \(left) are left"
    case .rotation(let input, let length, .some(let left)):
      "\(name(input)): became shorter while it was followed, as by rotation: \(length) bytes of it were read, \(left) are "
        + "left; what they are now was not read"
    case .rotation(let input, let length, nil):
      "\(name(input)): was replaced by another file while it was followed, as by rotation: all \(length) bytes of the "
        + "first were read, the other was not"
    case .damage(let damage):
      "\(at(damage.place)): the capture is damaged: \(damage.place.item): found \(damage.found), "
        + "expected \(damage.expected)"
    case .excess(let input, let what, let limit): "\(name(input)): more than \(limit) \(what)"
    case .filter(let expression, let linkType, let reason):
      "filter \"\(expression)\" for link type \(linkType.name): \(reason)"
    }
  }

  private func name(_ input: String) -> String { input == "-" ? "standard input" : input }

  private func at(_ place: CapturePlace) -> String {
    "\(name(place.input)): byte \(place.offset), after packet \(place.packetsBefore)"
  }
}
