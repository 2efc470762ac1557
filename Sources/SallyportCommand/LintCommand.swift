import ArgumentParser
import PolicyAnalysis
import PolicyFormats
import ReportFormats
import VirtualNetworks

/// `sallyport lint`: what is wrong or wasteful in a network and its rules.
struct LintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lint",
    abstract: "Find what is wrong or wasteful in a network and its rules.",
    discussion: """
      Rules that never decide or add nothing, references that are gone, quotas, replies that a stateless ACL drops, \
      blackhole routes, overlapping blocks, and ports for administration or databases that the internet reaches. \
      Each finding says how to mend it.

      EXAMPLES
        sallyport lint -n network/
        sallyport lint -n network.yaml --fail-on warning
        sallyport lint -n network/ --format sarif -o lint.sarif
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json, sarif
  }

  enum ColorMode: String, ExpressibleByArgument, CaseIterable {
    case auto, always, never
  }

  enum Threshold: String, ExpressibleByArgument, CaseIterable {
    case error, warning

    var severity: LintFinding.Severity { self == .error ? .error : .warning }
  }

  @Option(
    name: [.short, .customLong("network")],
    help: ArgumentHelp(
      "A folder of aws describe-* outputs, one such file, a YAML network, or - for standard input; may be repeated.",
      valueName: "path"),
    completion: .file())
  var network: [String] = []

  @Argument(
    help: ArgumentHelp("The same without -n.", valueName: "path"), completion: .file())
  var folders: [String] = []

  private var paths: [String] { network + folders }

  @Option(help: "How to write findings: text, json or sarif (2.1.0).")
  var format = Format.text

  @Option(help: "Exit with 1 if there are findings at least as grave: error or warning.")
  var failOn = Threshold.error

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Write to this file.", valueName: "file"), completion: .file())
  var output: String?

  @Option(help: "Whether to colour text; auto: on a terminal, unless NO_COLOR is set or TERM is dumb.")
  var color = ColorMode.auto

  @Flag(name: .shortAndLong, help: "Show notes, too.")
  var verbose = false

  func validate() throws {
    if paths.isEmpty { throw ValidationError("name the network: -n PATH") }
    try OutputCheck(networks: paths).check([OutputCheck.Place("-o", output)])
  }

  func run() throws {
    let network: VirtualNetwork
    do {
      network = try NetworkReader().read(paths: paths)
    } catch {
      StandardError.report(error)
      throw ExitCode.invalidInput
    }
    let report = LintReport(NetworkLinter(network).findings(), network: network)
    let text =
      switch format {
      case .text: report.text(style: style, showsNotes: verbose)
      case .json: report.json()
      case .sarif: report.sarif(version: SallyportCommand.number)
      }
    try withOutput(path: output) { try $0.write(text) }
    if report.has(atLeast: failOn.severity) { throw ExitCode.unmet }
  }

  private var style: TextStyle {
    let isTerminal = output == nil && Terminal.isTerminal(.standardOutput)
    return TextStyle(
      width: isTerminal ? min(max(Terminal.columns(.standardOutput) ?? 80, 60), 120) : 80,
      usesColor: color == .always || color == .auto && output == nil && Terminal.wantsColor(.standardOutput),
      usesUnicode: Terminal.isUTF8)
  }
}
