import ArgumentParser
import Filtering
import ReportFormats
import TrafficAudit

/// What `audit` writes beside its report.
struct AuditOutputs: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Write one record a packet: CSV if the name ends in .csv, otherwise NDJSON.", valueName: "file"),
    completion: .file())
  var verdicts: String?

  @Option(
    help: ArgumentHelp(
      "Write the denied packets as pcapng, each with a comment that says why. Comments of the input, and its interfaces' "
        + "names and descriptions, are kept.", valueName: "file"),
    completion: .file())
  var writeDenied: String?

  @Option(
    help: ArgumentHelp(
      "Write the allowed packets as pcapng, each with a comment that names the rule.", valueName: "file"),
    completion: .file())
  var writeAllowed: String?

  @Option(
    help: ArgumentHelp(
      "Write VPC Flow Log records of the audited traffic, one a line after a header line.", valueName: "file"),
    completion: .file())
  var flowLog: String?

  @Option(
    help: ArgumentHelp(
      "Fields of the records as AWS writes them, '${version} ${srcaddr} ...', or v2 to v5 for all fields up to that "
        + "version; also of a --flow-log-input without a header line.", valueName: "format"))
  var flowLogFormat = "v2"

  @Option(
    help: ArgumentHelp(
      "Seconds that one record covers at most: AWS offers 60 and 600; 600 unless named.", valueName: "seconds"
    ))
  var flowLogInterval: Int?

  func validate() throws {
    if let flowLogInterval, !(1...86_400).contains(flowLogInterval) {
      throw ValidationError("--flow-log-interval \(flowLogInterval): expected 1 to 86400 seconds")
    }
    if case .failure(let unknown) = parsedFormat {
      let nearest = FlowLogField.allCases.filter { $0 != .unknown }.map(\.rawValue)
        .min { unknown.word.editDistance(to: $0) < unknown.word.editDistance(to: $1) }
      throw ValidationError(
        "--flow-log-format: '\(unknown.word)' is no field of flow logs"
          + (nearest.map { "; the nearest is ${\($0)}" } ?? ""))
    }
  }

  private var parsedFormat: Result<FlowLogFormat, FlowLogFormat.UnknownField> {
    if flowLogFormat == "v2" { return .success(.standard) }
    if flowLogFormat.hasPrefix("v"), let version = Int(flowLogFormat.dropFirst()), (3...11).contains(version)
    {
      return .success(FlowLogFormat(FlowLogField.allCases.filter { $0 != .unknown && $0.version <= version }))
    }
    return FlowLogFormat.parse(flowLogFormat)
  }

  /// The fields of flow log records.
  var format: FlowLogFormat { (try? parsedFormat.get()) ?? .standard }

  /// The files, for the check that they are neither inputs nor each other.
  var places: [OutputCheck.Place] {
    files.map { OutputCheck.Place($0.option, $0.path) }
  }

  private var files: [(option: String, path: String)] {
    let all = [
      ("--verdicts", verdicts), ("--write-denied", writeDenied), ("--write-allowed", writeAllowed),
      ("--flow-log", flowLog),
    ]
    return all.compactMap { option, path in path.map { (option, $0) } }
  }

  /// The files that were asked for, to be opened.
  var paths: [String?] { files.map(\.path) }

  /// What is told of each batch; `outputs` are the opened ``paths``, in their order.
  func sinks(_ filter: PacketFilter, _ outputs: [Output?]) throws -> [any AuditSink] {
    try zip(files, outputs).compactMap { file, output in
      guard let output else { return nil }
      return switch file.option {
      case "--verdicts":
        try VerdictRecords(VerdictWriter(VerdictWriter.Format(path: file.path), filter), output)
      case "--write-denied": AnnotatedOutput(.deny, filter, output)
      case "--write-allowed": AnnotatedOutput(.allow, filter, output)
      default: try FlowLogOutput(format, interval: flowLogInterval ?? 600, filter, filter.network, output)
      }
    }
  }
}
