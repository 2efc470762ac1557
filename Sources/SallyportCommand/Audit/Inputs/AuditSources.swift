import ArgumentParser

/// What `audit` takes in besides captures.
struct AuditSources: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Audit a capture that is still being written, until Ctrl-C or SIGTERM, which then are the way to end. One that is cut "
        + "short or replaced by another file (rotation) ends it too, with exit code 2. Can be given once.",
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

  /// Throws a `ValidationError` if an option is repeated of which only one value would count.
  ///
  /// Looks at the words of the command line, as of a repeated option the parser keeps the last value only.
  static func validateOnce(_ option: String) throws {
    let words = CommandLine.arguments.prefix { $0 != "--" }
    let values = words.indices.compactMap { place -> Substring? in
      if words[place] == option { return words[words.index(after: place)...].first.map { $0[...] } }
      return words[place].hasPrefix(option + "=") ? words[place].dropFirst(option.count + 1) : nil
    }
    guard values.count > 1 else { return }
    throw ValidationError(
      "\(option) can be given once, and is given \(values.count) times: \(values.joined(separator: ", "))")
  }

  /// Whether packets or records may come slowly and without end: from a file that grows, standard input or a pipe.
  func areAwaited(_ captures: [String]) -> Bool {
    follow != nil
      || (captures + flowLogInput).contains { $0 == "-" || FileSystem.kind(of: $0) == .stream }
  }
}
