import NetworkTypes
import VirtualNetworks

/// What the importer must know of a resource to put several descriptions of it together.
protocol NetworkResource: Hashable {
  var id: ResourceID { get }
  var attributes: ResourceAttributes { get set }
  /// Takes from another description of the same resource what this one lacks.
  mutating func fill(from other: Self)
  /// The same without places, to see whether two descriptions say the same.
  func withoutLocations() -> Self
}

extension NetworkResource {
  mutating func fill(from other: Self) {}
  func withoutLocations() -> Self { self }
}

/// The resources of one kind, each id once.
struct Collected<Resource: NetworkResource> {
  private(set) var items: [Resource] = []
  private var indices: [ResourceID: Int] = [:]

  var isEmpty: Bool { items.isEmpty }

  func contains(_ id: ResourceID) -> Bool { indices[id] != nil }

  subscript(id: ResourceID) -> Resource? { indices[id].map { items[$0] } }

  /// Adds a resource. One that is already there (a shared VPC, a peering seen from both sides, a file given twice) is
  /// merged; where the two contradict each other one of them stays, and that is a problem.
  ///
  /// `key` replaces the id where ids are not unique by themselves.
  mutating func add(_ resource: Resource, key: ResourceID? = nil, _ log: ImportLog) {
    let key = key ?? resource.id
    guard let index = indices[key] else {
      indices[key] = items.count
      items.append(resource)
      return
    }
    // Whichever was read first, the one whose file comes first counts: the order of the input leaves no trace.
    var first = items[index]
    var second = resource
    if second.attributes.location.isBefore(first.attributes.location) { swap(&first, &second) }
    first.complete(from: second)
    second.complete(from: first)
    items[index] = first
    let (left, right) = (first.bare, second.bare)
    guard left != right else { return }
    let members = Self.differences(left, right).joined(separator: ", ")
    log.add(
      .error, "contradictory_duplicate", resource.id, at: second.attributes.location,
      "\(resource.id) is described differently in \(first.attributes.location) (\(members)), which is kept"
    )
  }

  mutating func update(_ id: ResourceID, _ change: (inout Resource) -> Void) {
    if let index = indices[id] { change(&items[index]) }
  }

  mutating func updateAll(_ change: (inout Resource) -> Void) {
    for index in items.indices { change(&items[index]) }
  }

  private static func differences(_ left: Resource, _ right: Resource) -> [String] {
    zip(Mirror(reflecting: left).children, Mirror(reflecting: right).children).compactMap { left, right in
      String(describing: left.value) == String(describing: right.value) ? nil : left.label
    }
  }
}

extension NetworkResource {
  fileprivate mutating func complete(from other: Self) {
    attributes.account = attributes.account ?? other.attributes.account
    attributes.region = attributes.region ?? other.attributes.region
    take(&attributes.tags, other.attributes.tags)
    fill(from: other)
  }

  fileprivate var bare: Self {
    var copy = withoutLocations()
    copy.attributes.location = SourceLocation()
    // Tags of a shared resource belong to the account that looks at it.
    copy.attributes.tags = []
    return copy
  }
}

/// Fills an empty list from another.
func take<Element>(_ mine: inout [Element], _ other: [Element]) { if mine.isEmpty { mine = other } }
/// Fills a missing value from another.
func take<Value>(_ mine: inout Value?, _ other: Value?) { if mine == nil { mine = other } }
/// Fills an empty text from another.
func take(_ mine: inout String, _ other: String) { if mine.isEmpty { mine = other } }

extension SourceLocation {
  fileprivate func isBefore(_ other: SourceLocation) -> Bool { (file, path) < (other.file, other.path) }
}
