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

  var style: TextStyle { style(isFile: output != nil) }

  /// Of what a terminal shows meanwhile, wherever the report goes.
  var screenStyle: TextStyle { style(isFile: false) }

  private func style(isFile: Bool) -> TextStyle {
    let isTerminal = !isFile && Terminal.isTerminal(.standardOutput)
    return TextStyle(
      width: isTerminal ? min(max(Terminal.columns(.standardOutput) ?? 80, 60), 120) : 80,
      usesColor: color == .always || color == .auto && !isFile && Terminal.wantsColor(.standardOutput),
      usesUnicode: Terminal.isUTF8)
  }
}

/// Whether work that takes long says how far it is.
struct ProgressOptions: ParsableArguments {
  @Option(help: "Whether to show progress on standard error; auto: on a terminal.")
  var progress = ProgressBar.Mode.auto
}

extension ProgressBar.Mode: ExpressibleByArgument {}
