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
        sallyport packets capture.pcap
        sallyport network -n network/
        sallyport trace -n network/ web-1 db-1 tcp/5432

      A network is a folder of aws ec2 describe-* outputs in JSON.
      """,
    version: "sallyport 0.1.0",
    subcommands: [AuditCommand.self, TraceCommand.self, PacketsCommand.self, NetworkCommand.self])
}
