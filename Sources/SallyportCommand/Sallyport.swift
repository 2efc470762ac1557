import ArgumentParser

/// The `sallyport` command: a name for each question, nothing else.
@main
struct SallyportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sallyport",
    abstract: "Judge captured packets by cloud network policy.",
    discussion: """
      EXAMPLES
        sallyport audit capture.pcap -n network/
        sallyport test policies/
        sallyport packets capture.pcap
        sallyport network -n network/
        sallyport trace -n network/ web-1 db-1 tcp/5432
        sallyport lint -n network/
        sallyport bench

      A network is a folder of aws ec2 describe-* outputs in JSON, or a YAML file.
      """,
    version: "sallyport \(number)",
    subcommands: [
      AuditCommand.self, TestCommand.self, TraceCommand.self, LintCommand.self, SynthCommand.self,
      PacketsCommand.self, NetworkCommand.self, BenchCommand.self, WatchCommand.self,
    ])

  /// The version, without the name.
  static let number = "0.1.0"

  /// A command that there is not is named; the parser alone would complain of the options after it.
  static func main() {
    EndingSignals.listen()
    let words = CommandLine.arguments.dropFirst()
    if let word = words.first == "help" ? words.dropFirst().first : words.first,
      let message = complaint(of: word)
    {
      StandardError.report(message)
      exit(withError: ExitCode.validationFailure)
    }
    main(nil)
  }

  private static func complaint(of word: String) -> String? {
    let names = configuration.subcommands.compactMap { $0.configuration.commandName }
    guard !word.hasPrefix("-"), word != "help", !names.contains(word) else { return nil }
    let nearest = names.map { (distance: word.editDistance(to: $0), name: $0) }.min {
      $0.distance < $1.distance
    }
    let advice = nearest.flatMap { $0.distance <= 2 ? "did you mean '\($0.name)'?" : nil }
    return "unknown command '\(word)'; " + (advice ?? "there are \(names.joined(separator: ", "))")
  }
}
