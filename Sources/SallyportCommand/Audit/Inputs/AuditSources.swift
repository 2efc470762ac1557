import ArgumentParser

/// What `audit` takes in besides captures.
struct AuditSources: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Audit a capture that is still being written, until interrupted, which then is the way to end.",
      valueName: "capture"),
    completion: .file())
  var follow: String?

  @Option(
    help: ArgumentHelp(
      "Judge the records of a VPC Flow Log in place of packets, and compare; - for standard input; may be repeated.",
      valueName: "file"),
    completion: .file())
  var flowLogInput: [String] = []

  /// Throws a `ValidationError` unless there is one kind of input, and outputs that it can fill.
  func validate(_ captures: [String], outputs: AuditOutputs, network: [String]) throws {
    guard flowLogInput.isEmpty else {
      if !captures.isEmpty || follow != nil {
        throw ValidationError("--flow-log-input stands in place of captures: leave those out")
      }
      if let place = outputs.places.first {
        throw ValidationError("\(place.option) is about packets, and a flow log has none")
      }
      return
    }
    if captures.isEmpty && follow == nil {
      throw ValidationError("name a capture, or one that is still being written with --follow")
    }
    if let follow, !captures.isEmpty {
      throw ValidationError("--follow \(follow) stands alone: captures beside it would never have their turn")
    }
  }
}
