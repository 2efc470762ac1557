import NetworkTypes
import VirtualNetworks

/// Reads networks that were written by hand as YAML (`docs/network-yaml.md`).
///
/// All inputs are read first, so that a name may stand before what it names, or in another file. A problem does not
/// end the reading: all of them are told together.
struct NativeReader {
  /// YAML documents that were parsed, with their files' names.
  private var documents: [YAMLDocument] = []

  /// Whether a document has a section of a network; of a JSON document, one that no answer of AWS has.
  static func recognizes(_ keys: [String]) -> Bool { keys.contains { NativeKind(rawValue: $0) != nil } }

  var isEmpty: Bool { documents.isEmpty }

  mutating func add(_ document: YAMLDocument) { documents.append(document) }

  /// Adds the resources of all documents to what the importer has, and counts them.
  func read(into importer: inout AWSImporter) throws(YAMLProblems) -> Int {
    if documents.isEmpty { return 0 }
    let reading = NativeReading(importer)
    for document in documents {
      for problem in document.problems { reading.log.add(problem) }
    }
    let roots = documents.compactMap { document in
      reading.log.attempt { () throws(YAMLProblem) in
        try document.root.mapping("a network: vpcs, subnets, security_groups, …")
      }
    }
    for root in roots { reading.declare(root) }
    reading.declareOthers()
    for root in roots {
      // As in other formats, x-… is free: for anchors, say.
      let own = YAMLMapping(root.members.filter { !$0.key.hasPrefix("x-") }, location: root.location)
      reading.log.checkKeys(of: own, known: NativeKind.allCases.map(\.section))
    }
    // `internet` in a route means the VPC's gateway: gateways come first, subnets before what stands in them.
    for root in roots { reading.sections(root, [.internetGateway, .egressOnlyGateway]) }
    for root in roots { reading.placeSubnets(root) }
    for root in roots { reading.sections(root, NativeReading.order) }
    reading.finish()
    try reading.log.throwIfAny()
    importer = reading.importer
    return reading.resources
  }
}
