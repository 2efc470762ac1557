import ArgumentParser

/// `-n`: the network that a command is about.
struct NetworkOptions: ParsableArguments {
  @Option(
    name: [.customShort("n"), .customLong("network")],
    help: ArgumentHelp(
      "A folder of aws describe-* outputs, one such file, a YAML network, or - for standard input; may be repeated.",
      valueName: "path"),
    completion: .file())
  var paths: [String] = []

  static let missing = ValidationError("name the network: -n PATH")
}

/// `-n`, or the same as arguments.
struct NetworkArguments: ParsableArguments {
  @OptionGroup private var network: NetworkOptions

  @Argument(
    help: ArgumentHelp("The same without -n.", valueName: "path"), completion: .file())
  private var folders: [String] = []

  var paths: [String] { network.paths + folders }
}
