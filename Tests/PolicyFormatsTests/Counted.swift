import Foundation

/// Counts in a folder of answers, made without anything of the importer's.
struct Counted {
  private var ids: [String: Set<String>] = [:]
  private(set) var peers = 0
  private(set) var aclEntries = 0
  private(set) var routes = 0

  init(folder: String) throws {
    var groups: Set<String> = []
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder) where path.hasSuffix(".json") {
      let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + path))
      guard let root = try JSONSerialization.jsonObject(with: data) as? [String: Any] else { continue }
      for (key, value) in root {
        for element in value as? [[String: Any]] ?? [] {
          count(element, key)
          let isNew = { (id: String) in (element[id] as? String).map { groups.insert($0).inserted } ?? false }
          if key == "SecurityGroups", isNew("GroupId") { peers += Self.peers(element) }
          if key == "NetworkAcls", isNew("NetworkAclId") {
            aclEntries += (element["Entries"] as? [Any])?.count ?? 0
          }
          if key == "RouteTables", isNew("RouteTableId") {
            routes += (element["Routes"] as? [Any])?.count ?? 0
          }
        }
      }
    }
  }

  subscript(key: String, id: String) -> Int { ids["\(key)/\(id)"]?.count ?? 0 }

  private mutating func count(_ element: [String: Any], _ key: String) {
    for (member, value) in element {
      if let id = value as? String { ids["\(key)/\(member)", default: []].insert(id) }
      if key == "Reservations", member == "Instances" {
        for instance in value as? [[String: Any]] ?? [] { count(instance, "Instances") }
      }
    }
  }

  private static func peers(_ group: [String: Any]) -> Int {
    ["IpPermissions", "IpPermissionsEgress"].flatMap { group[$0] as? [[String: Any]] ?? [] }.reduce(0) {
      sum, permission in
      sum
        + ["IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"].reduce(0) {
          $0 + ((permission[$1] as? [Any])?.count ?? 0)
        }
    }
  }
}
