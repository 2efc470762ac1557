import Foundation

/// Finds test files.
public enum PolicyTestDiscovery {
  /// A path that holds no test file.
  public struct NothingFound: Error, Hashable, Sendable, CustomStringConvertible {
    public var path: String
    public var exists: Bool
    public var description: String {
      exists
        ? "\(path): found no file that ends in .test.yaml" : "\(path): there is no such file or folder"
    }
  }

  static let endings = [".test.yaml", ".test.yml"]

  /// The test files at some paths, in the order of the paths and then of their names, each once.
  ///
  /// A file is taken whatever its name; a folder is searched at any depth for files that end in `.test.yaml`. Folders
  /// whose names begin with a dot are passed over, and links to folders are not followed.
  public static func files(at paths: [String]) throws(NothingFound) -> [String] {
    var found: [String] = []
    var seen: Set<String> = []
    for path in paths {
      guard FileManager.default.fileExists(atPath: path) else {
        throw NothingFound(path: path, exists: false)
      }
      let place = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
      let files = isFolder(place) ? self.files(below: path) : [path]
      if files.isEmpty { throw NothingFound(path: path, exists: true) }
      for file in files {
        let place = URL(fileURLWithPath: file).standardizedFileURL.path
        if seen.insert(place).inserted { found.append(file) }
      }
    }
    return found
  }

  private static func isFolder(_ path: String) -> Bool {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return attributes?[.type] as? FileAttributeType == .typeDirectory
  }

  private static func files(below folder: String) -> [String] {
    var files: [String] = []
    for name in ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted() {
      if name.hasPrefix(".") { continue }
      let path = folder == "." ? name : folder.hasSuffix("/") ? folder + name : folder + "/" + name
      if isFolder(path) {
        files += self.files(below: path)
      } else if endings.contains(where: name.hasSuffix) {
        files.append(path)
      }
    }
    return files
  }
}
