import VirtualNetworks

extension JSONText {
  /// `region`, `zone` and `zone_id`, each null where it is not known.
  static func members(of place: ResourcePlace?) -> [(String, JSONText)] {
    [
      ("region", .optional(place?.region)), ("zone", .optional(place?.zone)),
      ("zone_id", .optional(place?.zoneID)),
    ]
  }

  /// An object of them, or null for nowhere.
  init(_ place: ResourcePlace?) {
    self = place.map { .object(Self.members(of: $0)) } ?? .null
  }
}
