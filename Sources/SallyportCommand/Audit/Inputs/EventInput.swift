import CaptureFiles
import PolicyFormats

/// Finds and reads what happened to the network: one file, gzip or not, or a folder of log files as CloudTrail leaves
/// them in a bucket.
enum EventInput {
  static func read(_ path: String, limits: ReadingLimits = ReadingLimits()) throws -> EventFile {
    guard let paths = try TextFile.paths(below: path, endings: [".json", ".json.gz"], limits: limits) else {
      return try file(path, limits)
    }
    let files = try paths.map { try file($0, limits, isOneOfMany: true) }
    let folder = try EventFile(merging: files, folder: path)
    if folder.isForeign {
      throw EventError.foreign(
        path,
        paths.isEmpty ? "no .json or .json.gz file" : "no event of AWS CloudTrail in \(paths.count) files")
    }
    return folder
  }

  private static func file(
    _ path: String, _ limits: ReadingLimits, isOneOfMany: Bool = false
  ) throws -> EventFile {
    var bytes: [UInt8] = []
    do throws(CaptureError) { bytes = try InputBytes.read(path: path, limit: limits.fileBytes) } catch {
      guard case .emptiness = error else { throw error }
    }
    return try EventFile(
      parsing: bytes, file: path == "-" ? "standard input" : path, isOneOfMany: isOneOfMany)
  }
}
