import ArgumentParser

/// The `sallyport` command: a name for each question, nothing else.
@main
struct SallyportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sallyport",
    abstract: "Judge captured packets by cloud network policy.",
    subcommands: [AuditCommand.self, NetworkCommand.self])
}
