import ArgumentParser
import PolicyFormats
import ReportFormats
import VirtualNetworks

/// `sallyport network`: a summary of a network.
struct NetworkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "network",
    abstract: "Summarize a network: what there is, what it is tied to, and what is wrong with it.",
    discussion: """
      EXAMPLES
        sallyport network -n network/
        sallyport network -n account-a/ -n account-b/ -v
        aws ec2 describe-security-groups --output json | sallyport network -n -
        sallyport network -n network/ --format yaml -o network.yaml
        sallyport network --schema > network.schema.json
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json, yaml
  }

  @OptionGroup var network: NetworkArguments

  @Option(help: "Write the summary as text or json, or the whole network as yaml.")
  var format = Format.text

  @OptionGroup var destination: ReportOptions

  @Flag(name: .shortAndLong, help: "Say nothing of what is wrong with the network.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Show notes, too.")
  var verbose = false

  @Flag(help: "Print the JSON Schema of the YAML form, for editors, and do nothing else.")
  var schema = false

  func validate() throws {
    if schema { return }
    if network.paths.isEmpty { throw NetworkOptions.missing }
    try OutputCheck(networks: network.paths).check([OutputCheck.Place("-o", destination.output)])
  }

  func run() throws {
    if schema { return try withOutput(path: destination.output) { try $0.write(NetworkSchema.json()) } }
    let network: VirtualNetwork
    do {
      network = try NetworkReader().read(paths: self.network.paths)
    } catch {
      StandardError.report(error)
      throw ExitCode.invalidInput
    }
    var summary = NetworkSummary(network, showsNotes: verbose)
    summary.showsProblems = !quiet
    let text =
      switch format {
      case .text: summary.text()
      case .json: summary.json()
      case .yaml: network.yaml()
      }
    try withOutput(path: destination.output) { try $0.write(text) }
    if format == .yaml, !quiet {
      for problem in network.problems where problem.severity == .error || verbose {
        StandardError.report(problem)
      }
    }
  }
}
