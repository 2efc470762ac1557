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

  enum Threshold: String, ExpressibleByArgument, CaseIterable {
    case error, warning

    var severity: LintFinding.Severity { self == .error ? .error : .warning }
  }

  @OptionGroup var network: NetworkArguments

  @Option(help: "How to write findings: text, json or sarif (2.1.0).")
  var format = Format.text

  @Option(help: "Exit with 1 if there are findings at least as grave: error or warning.")
  var failOn = Threshold.error

  @OptionGroup var destination: ReportOptions

  @Flag(name: .shortAndLong, help: "Show findings only, and not how many there are.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Show notes, too.")
  var verbose = false

  func validate() throws {
    if network.paths.isEmpty { throw NetworkOptions.missing }
    try OutputCheck(networks: network.paths).check([OutputCheck.Place("-o", destination.output)])
  }

  func run() throws {
    let network: VirtualNetwork
    do {
      network = try NetworkReader().read(paths: self.network.paths)
    } catch {
      StandardError.report(error)
      throw ExitCode.invalidInput
    }
    let report = LintReport(NetworkLinter(network).findings(), network: network)
    let text =
      switch format {
      case .text: report.text(style: destination.style, showsNotes: verbose, showsSum: !quiet)
      case .json: report.json()
      case .sarif: report.sarif(version: SallyportCommand.number)
      }
    try withOutput(path: destination.output) { try $0.write(text) }
    if report.has(atLeast: failOn.severity) { throw ExitCode.unmet }
  }
}
