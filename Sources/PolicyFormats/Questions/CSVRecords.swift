/// The records of a CSV text (RFC 4180), one after the other, each with the line on which it begins.
///
/// After a record that is not right reading goes on with the line after its first, so that a stray quote costs one line.
struct CSVRecords {
  enum Problem: Error, Hashable {
    case tooLong
    case textAfterQuote
    case quoteInText
    case openQuote
  }

  private let bytes: [UInt8]
  private let limit: Int
  private var position = 0
  private var line = 1

  init(_ bytes: [UInt8], limit: Int) {
    self.bytes = bytes
    self.limit = limit
  }

  /// The next record, or nil at the end; an empty line is a record of one empty cell.
  mutating func next() -> (line: Int, Result<[String], Problem>)? {
    guard position < bytes.count else { return nil }
    let start = (position: position, line: line)
    do {
      return (start.line, .success(try record()))
    } catch {
      let end = bytes[start.position...].firstIndex(of: 0x0a) ?? bytes.count - 1
      position = end + 1
      line = start.line + 1
      return (start.line, .failure(error))
    }
  }

  private mutating func record() throws(Problem) -> [String] {
    let start = position
    var cells: [String] = []
    while true {
      cells.append(
        position < bytes.count && bytes[position] == UInt8(ascii: "\"")
          ? try quoted(from: start) : try plain(from: start))
      guard position < bytes.count else { return cells }
      switch bytes[position] {
      case UInt8(ascii: ","): position += 1
      case 0x0d where position + 1 < bytes.count && bytes[position + 1] == 0x0a:
        position += 2
        line += 1
        return cells
      default:
        position += 1
        line += 1
        return cells
      }
    }
  }

  /// A cell without quotes: up to the next comma or line end.
  private mutating func plain(from start: Int) throws(Problem) -> String {
    let first = position
    while position < bytes.count {
      guard position - start <= limit else { throw .tooLong }
      switch bytes[position] {
      case UInt8(ascii: ","), 0x0a, 0x0d: return String(decoding: bytes[first..<position], as: UTF8.self)
      case UInt8(ascii: "\""): throw .quoteInText
      default: position += 1
      }
    }
    return String(decoding: bytes[first...], as: UTF8.self)
  }

  /// A cell in quotes: commas, line ends and doubled quotes belong to it.
  private mutating func quoted(from start: Int) throws(Problem) -> String {
    position += 1
    var text: [UInt8] = []
    while position < bytes.count {
      guard position - start <= limit else { throw .tooLong }
      let byte = bytes[position]
      position += 1
      if byte == 0x0a { line += 1 }
      guard byte == UInt8(ascii: "\"") else {
        text.append(byte)
        continue
      }
      if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
        text.append(byte)
        position += 1
        continue
      }
      guard position == bytes.count || [UInt8(ascii: ","), 0x0a, 0x0d].contains(bytes[position]) else {
        throw .textAfterQuote
      }
      return String(decoding: text, as: UTF8.self)
    }
    throw .openQuote
  }
}
