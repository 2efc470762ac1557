import NetworkTypes
import VirtualNetworks

extension AWSImporter {
  /// `describe-prefix-lists` (with blocks) and `describe-managed-prefix-lists` (without).
  mutating func prefixList(_ record: AWSRecord) {
    guard let id = record.required("PrefixListId", of: "prefix list") else { return }
    let name = record.text("PrefixListName") ?? ""
    let entries = blocks(record, id)
    var attributes = record.attributes(
      region: AWSRegion.ofARN(record.text("PrefixListArn")) ?? Self.region(ofService: name))
    // Who owns a list of AWS's own is not an account: `AWS`.
    if attributes.account.map({ $0 == "AWS" }) ?? false { attributes.account = nil }
    prefixLists.add(
      PrefixList(
        id: id, listName: name, entries: entries ?? [], entriesAreKnown: entries != nil,
        maximumEntries: record.integer("MaxEntries", in: PrefixList.sizes), attributes: attributes), log)
  }

  private func blocks(_ record: AWSRecord, _ id: ResourceID) -> [IPPrefix]? {
    if record.has("Cidrs") {
      return record.texts("Cidrs").enumerated().compactMap { index, text in
        record.prefix(text: text, at: record.location.appending(".Cidrs[\(index)]"), of: id)
      }
    }
    return record.has("Entries") ? record.records("Entries").compactMap { $0.prefix("Cidr", of: id) } : nil
  }

  /// `get-managed-prefix-list-entries` says nowhere whose entries they are: the list's id must stand beside them or
  /// in the file's name.
  mutating func prefixListEntries(_ whole: AWSRecord, file: String) {
    guard whole.records("Entries").allSatisfy({ $0.has("Cidr") }) else { return }
    guard let id = whole.id("PrefixListId") ?? Self.id(startingWith: "pl-", inName: file) else {
      log.add(
        .warning, "entries_of_unknown_list", at: whole.location.appending(".Entries"),
        "the entries do not say which prefix list is theirs; name the file after it: pl-….json")
      return
    }
    prefixLists.add(
      PrefixList(
        id: id, entries: whole.records("Entries").compactMap { $0.prefix("Cidr", of: id) },
        attributes: ResourceAttributes(location: whole.location)), log)
  }

  /// `us-east-1` of `com.amazonaws.us-east-1.s3`; nil for the lists that are the same everywhere.
  private static func region(ofService name: String) -> String? {
    let parts = name.split(separator: ".")
    return parts.count >= 4 && parts[0] == "com" && parts[2] != "global" ? String(parts[2]) : nil
  }

  /// The first id of a kind in a file's own name: `pl-0123abcd` of `entries.pl-0123abcd.json`.
  static func id(startingWith kind: String, inName path: String) -> ResourceID? {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    guard let range = name.firstRange(of: kind) else { return nil }
    let rest = name[range.upperBound...].prefix { $0.isLetter || $0.isNumber }
    return rest.isEmpty ? nil : ResourceID(rawValue: kind + rest)
  }
}
