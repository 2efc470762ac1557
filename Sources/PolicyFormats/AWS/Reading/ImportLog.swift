import VirtualNetworks

/// The problems found while one network is read, in the order in which they were found.
final class ImportLog {
  private(set) var problems: [ModelProblem] = []

  func add(
    _ severity: ModelProblem.Severity, _ code: String, _ resource: ResourceID? = nil,
    at location: SourceLocation, _ message: String
  ) {
    problems.append(
      ModelProblem(severity, code: code, resource: resource, location: location, message: message))
  }
}
