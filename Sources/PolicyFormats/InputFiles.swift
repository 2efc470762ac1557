import Foundation

/// Bounds on what is read; past one of them the input is refused by name.
public struct ReadingLimits: Sendable {
  /// Bytes of one file.
  public var fileBytes = 1 << 30
  /// Files of one folder.
  public var files = 100_000
  /// Folders within folders.
  public var folderDepth = 64

  public init() {}
}

/// Finds and reads the files that a path stands for.
struct InputFiles {
  let limits: ReadingLimits

  /// The JSON files of a folder at any depth, sorted by path, and how many other files there are.
  func jsonFiles(below root: String) throws(PolicyFormatError) -> (paths: [String], others: Int) {
    try files(below: root, endings: [".json"])
  }

  /// The files of a folder at any depth whose names end so, sorted by path, and how many other files there are.
  func files(
    below root: String, endings: [String]
  ) throws(PolicyFormatError) -> (paths: [String], others: Int) {
    var paths: [String] = []
    var others = 0
    // A folder that is linked into itself is visited once.
    var visited: Set<String> = []
    var folders = [(path: root, depth: 0)]
    while let (folder, depth) = folders.popLast() {
      guard visited.insert(URL(fileURLWithPath: folder).resolvingSymlinksInPath().path).inserted else {
        continue
      }
      guard depth <= limits.folderDepth else {
        throw .tooLarge(path: folder, what: "too many folders within each other", limit: limits.folderDepth)
      }
      for name in try names(in: folder) where !name.hasPrefix(".") {
        let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
        if isFolder(path) {
          folders.append((path, depth + 1))
        } else if endings.contains(where: name.lowercased().hasSuffix) {
          if Self.exists(path) && !isRegular(path) {
            throw .unreadablePath(
              path: path, reason: "is no file but a pipe or a device, which would be waited for")
          }
          paths.append(path)
        } else {
          others += 1
        }
      }
      guard paths.count <= limits.files else {
        throw .tooLarge(path: root, what: "more files than can be read", limit: limits.files)
      }
    }
    return (paths.sorted(), others)
  }

  private func names(in folder: String) throws(PolicyFormatError) -> [String] {
    do { return try FileManager.default.contentsOfDirectory(atPath: folder) } catch {
      throw .unreadablePath(path: folder, reason: Self.reason(error))
    }
  }

  static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  func isFolder(_ path: String) -> Bool {
    let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let type = (try? FileManager.default.attributesOfItem(atPath: target))?[.type] as? FileAttributeType
    return type == .typeDirectory
  }

  /// The bytes of a file, of a pipe, or of standard input for `-`, as UTF-8.
  func bytes(of path: String) throws(PolicyFormatError) -> [UInt8] {
    let name = path == "-" ? "standard input" : path
    var bytes: [UInt8]
    do {
      if path == "-" {
        bytes = try stream(FileHandle.standardInput)
      } else if isRegular(path) {
        // Mapped, so that the file is in memory once.
        let data = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
        bytes = data.count > limits.fileBytes ? Array(data.prefix(limits.fileBytes + 1)) : [UInt8](data)
      } else {
        guard let pipe = FileHandle(forReadingAtPath: path) else {
          throw CocoaError(Self.exists(path) ? .fileReadNoPermission : .fileReadNoSuchFile)
        }
        bytes = try stream(pipe)
      }
    } catch {
      throw .unreadablePath(path: name, reason: Self.reason(error))
    }
    guard bytes.count <= limits.fileBytes else {
      throw .tooLarge(path: name, what: "too many bytes", limit: limits.fileBytes)
    }
    return try Self.utf8(bytes, path: name)
  }

  private func isRegular(_ path: String) -> Bool {
    let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let type = (try? FileManager.default.attributesOfItem(atPath: target))?[.type] as? FileAttributeType
    return type == .typeRegular
  }

  /// Reads to the end, or to one byte past the limit.
  private func stream(_ handle: FileHandle) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count <= limits.fileBytes, let part = try handle.read(upToCount: 1 << 20), !part.isEmpty {
      bytes += part
    }
    return bytes
  }

  /// Removes a byte order mark and converts UTF-16, which PowerShell writes with `>`.
  static func utf8(_ bytes: [UInt8], path: String) throws(PolicyFormatError) -> [UInt8] {
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { return Array(bytes.dropFirst(3)) }
    let isLittle = bytes.starts(with: [0xff, 0xfe])
    let isBig = bytes.starts(with: [0xfe, 0xff])
    guard isLittle || isBig else { return bytes }
    guard bytes.count % 2 == 0 else {
      throw .invalidText(path: path, reason: "UTF-16 with an odd number of bytes: the end is missing")
    }
    let units = stride(from: 2, to: bytes.count, by: 2).map { index in
      let (first, second) = (UInt16(bytes[index]), UInt16(bytes[index + 1]))
      return isLittle ? second << 8 | first : first << 8 | second
    }
    return Array(String(decoding: units, as: UTF16.self).utf8)
  }

  private static func reason(_ error: any Error) -> String {
    let error = error as NSError
    let posix = (error.userInfo[NSUnderlyingErrorKey] as? NSError) ?? error
    if error.code == CocoaError.fileReadNoPermission.rawValue || posix.code == Int(EACCES) {
      return "permission denied"
    }
    if error.code == CocoaError.fileReadNoSuchFile.rawValue { return "no such file or folder" }
    return error.localizedDescription
  }
}

/// Files of text that are no networks.
public enum TextFile {
  /// The bytes of a file, of a pipe, or of standard input for `-`, within the limits.
  public static func bytes(
    of path: String, limits: ReadingLimits = ReadingLimits()
  ) throws(PolicyFormatError) -> [UInt8] {
    try InputFiles(limits: limits).bytes(of: path)
  }

  /// The files of a folder at any depth whose names end so, sorted by path; nil if the path is no folder.
  public static func paths(
    below folder: String, endings: [String], limits: ReadingLimits = ReadingLimits()
  ) throws(PolicyFormatError) -> [String]? {
    let files = InputFiles(limits: limits)
    return files.isFolder(folder) ? try files.files(below: folder, endings: endings).paths : nil
  }
}
