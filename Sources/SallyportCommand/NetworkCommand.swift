import ArgumentParser
import Foundation
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
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  @Option(
    name: [.short, .customLong("network")],
    help: ArgumentHelp(
      "A folder of aws describe-* outputs, one such file, or - for standard input; may be repeated.",
      valueName: "path"))
  var network: [String] = []

  @Option(help: "How to write the summary: text or json.")
  var format = Format.text

  @Option(name: .shortAndLong, help: ArgumentHelp("Write to this file.", valueName: "file"))
  var output: String?

  @Flag(name: .shortAndLong, help: "Show notes, too.")
  var verbose = false

  func validate() throws {
    if network.isEmpty { throw ValidationError("name the network: -n PATH") }
  }

  func run() throws {
    let network: VirtualNetwork
    do {
      network = try NetworkReader().read(paths: self.network)
    } catch {
      FileHandle.standardError.write(Data("sallyport: \(error)\n".utf8))
      throw ExitCode(2)
    }
    let summary = NetworkSummary(network, showsNotes: verbose)
    let text = format == .json ? summary.json() : summary.text()
    if let output {
      do {
        try Data(text.utf8).write(to: URL(fileURLWithPath: output))
      } catch {
        FileHandle.standardError.write(Data("sallyport: \(output): cannot be written\n".utf8))
        throw ExitCode(2)
      }
    } else {
      FileHandle.standardOutput.write(Data(text.utf8))
    }
  }
}
