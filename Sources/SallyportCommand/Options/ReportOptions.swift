import ArgumentParser
import ReportFormats

/// Where a report goes, and whether it has colours.
struct ReportOptions: ParsableArguments {
  enum ColorMode: String, ExpressibleByArgument, CaseIterable {
    case auto, always, never
  }

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Write to this file.", valueName: "file"), completion: .file())
  var output: String?

  @Option(help: "Whether to colour text; auto: on a terminal, unless NO_COLOR is set or TERM is dumb.")
  var color = ColorMode.auto

  var isTerminal: Bool { output == nil && Terminal.isTerminal(.standardOutput) }

  var style: TextStyle {
    TextStyle(
      width: isTerminal ? min(max(Terminal.columns(.standardOutput) ?? 80, 60), 120) : 80,
      usesColor: color == .always || color == .auto && output == nil && Terminal.wantsColor(.standardOutput),
      usesUnicode: Terminal.isUTF8)
  }
}
