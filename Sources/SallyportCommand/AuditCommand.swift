import ArgumentParser
import CaptureFiles
import Filtering
import Foundation
import MetricAlarms
import PolicyFormats
import ReportFormats
import TrafficAudit
import TrafficCosts
import VirtualNetworks

extension PacketFilter.MidstreamPolicy: ExpressibleByArgument {}

/// `sallyport audit`: judges every packet of captures against a network.
struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Judge every packet of captures against a network's groups, ACLs and routes.",
    discussion: """
      Every packet gets one verdict: allow, deny, exempt (platform services, never filtered), unknown (the answer \
      hangs on something that the input lacks), unplaced (no address of the network) or undecoded (not IP, or cut \
      too short). Several captures are one continuous audit, in order of time whatever the order in which they are \
      given; those that overlap are merged packet by packet. Of equal times the capture that began earlier comes first, and \
      of those that began together the packet with fewer before it in its capture, then its bytes decide: names, pipes and \
      compression do not. Frames count from 1 over all of them, after the filter.

      EXAMPLES
        sallyport audit capture.pcap -n network/
        sallyport audit mon.pcap tue.pcapng.gz -n net/ --format json -o audit.json
        sallyport audit capture.pcap -n network/ --filter 'tcp port 443'
        sallyport audit capture.pcap -n network/ --verdicts verdicts.csv
        sallyport audit capture.pcap -n network/ --write-denied denied.pcapng
        sallyport audit capture.pcap -n network/ --fail-on denied
        sallyport audit capture.pcap -n network/ --events cloudtrail.json
        sallyport audit capture.pcap -n network/ --metrics m.csv --metrics-period 10
        sallyport audit capture.pcap -n network/ --alarms alarms.yaml
        sallyport audit capture.pcap -n network/ --costs prices.yaml
        tcpdump -i eth0 -w - | sallyport audit - -n network/ --interface web-1
        sallyport audit --follow growing.pcap -n network/
        sallyport audit --flow-log-input flows.log.gz -n network/

      EXIT CODES
        0    done
        1    done, and packets or records that --fail-on names are there
        2    an input is not valid or cannot be read to its end; the report
             covers what was read
        64   wrong usage
        130  interrupted; the report covers what was read (0 with --follow)
        143  ended by SIGTERM; of standard input and pipes the report covers
             what was read (0 with --follow)
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  enum Decapsulation: String, ExpressibleByArgument, CaseIterable {
    case auto, never
  }

  enum Timers: String, ExpressibleByArgument, CaseIterable {
    case nitro
    case nitroV6 = "nitro-v6"
  }

  enum Finding: String, ExpressibleByArgument, CaseIterable {
    case denied, unplaced, undecoded, disagreed

    func count(in report: AuditReport) -> Int {
      switch self {
      case .denied: report.violations(.deny)
      case .unplaced: report.violations(.unplaced)
      case .undecoded: report.violations(.undecoded)
      case .disagreed: 0
      }
    }

    func count(in report: FlowLogAudit.Report) -> Int {
      switch self {
      case .denied: report.denied
      case .unplaced: report.unplaced
      // Lines that are no records make the input invalid already.
      case .undecoded: 0
      case .disagreed: report.disagreeing
      }
    }
  }

  @Argument(
    help: ArgumentHelp(
      "pcap or pcapng captures, gzip or not; - for standard input.", valueName: "capture"),
    completion: .file())
  var captures: [String] = []

  @OptionGroup var networks: NetworkOptions

  @Option(help: ArgumentHelp("A BPF filter in tcpdump's syntax, applied first.", valueName: "expression"))
  var filter: String?

  @Option(
    help: ArgumentHelp(
      "The interface at which the captures were taken: its id, or its name if only one has it. Without it "
        + "interfaces are found by address.", valueName: "id"))
  var interface: String?

  @Option(
    help: ArgumentHelp(
      "Judge the packets inside VXLAN on port 4789 (mirrored traffic) and GENEVE on 6081, or those around them; auto "
        + "unless named."))
  var decapsulate: Decapsulation?

  @Flag(help: "Count a packet twice that was mirrored at both of its interfaces.")
  var keepDuplicates = false

  @Option(
    help: ArgumentHelp(
      "A TCP flow first seen without its SYN: loose judges it as begun by the side that the rules would let "
        + "begin it, strict judges the packet as new. Of a flow log it takes the field tcp-flags to tell."))
  var midstream = PacketFilter.MidstreamPolicy.loose

  @Option(
    help: "Idle timers of connection tracking: those of nitro or nitro-v6 instances; nitro unless named.")
  var timers: Timers?

  @OptionGroup var sources: AuditSources

  @OptionGroup var outputs: AuditOutputs

  @Option(
    help: ArgumentHelp(
      "Change the network while the captures are audited: YAML (events: - {at: TIME, stop: web-1}), or events of "
        + "AWS CloudTrail: a file, gzip or not, or a folder of its log files. The network given is that before the "
        + "first event. Can be given once.", valueName: "path"),
    completion: .file())
  var events: String?

  @OptionGroup var monitoring: MonitoringOptions

  @Option(
    help: ArgumentHelp(
      "Say what the traffic costs by path, with the prices of this YAML file; bytes that it does not price are listed "
        + "as such.", valueName: "file"),
    completion: .file())
  var costs: String?

  @Option(
    help: ArgumentHelp(
      "Threads that judge packets; by default as many as there are cores. Results do not depend on it.",
      valueName: "n"))
  var jobs: Int?

  @Option(
    name: .customLong("fail-on"),
    help: ArgumentHelp(
      "Exit with 1 if there are packets of this class: denied (but for segments after close), unplaced or undecoded; of "
        + "--flow-log-input: records that say REJECT or, by the rules, ought to (denied), whose interface is not in the "
        + "network (unplaced), or that the rules contradict (disagreed). May be repeated.",
      valueName: "class"))
  var failOn: [Finding] = []

  @Option(help: "How to write the report.")
  var format = Format.text

  @OptionGroup var destination: ReportOptions

  @OptionGroup var showing: ProgressOptions

  @Flag(name: .shortAndLong, help: "Say nothing but errors on standard error: no progress, no notes.")
  var quiet = false

  @Flag(
    name: .shortAndLong, help: "List everything: all denials, rules and warnings, and notes on the input.")
  var verbose = false

  func validate() throws {
    if networks.paths.isEmpty { throw NetworkOptions.missing }
    if let jobs, !(1...256).contains(jobs) {
      throw ValidationError("--jobs is \(jobs); expected a number of threads, 1 to 256")
    }
    for option in ["--follow", "--events"] { try AuditSources.validateOnce(option) }
    try sources.validate(captures, outputs: outputs, network: networks.paths)
    if sources.flowLogInput.isEmpty {
      if failOn.contains(.disagreed) {
        throw ValidationError(
          "--fail-on disagreed is about the records of --flow-log-input: packets record nothing")
      }
    } else if let problem = optionsOfPackets.first(where: \.isGiven) {
      throw ValidationError(problem.why)
    }
    let files = [events, monitoring.alarms, costs].compactMap { $0 }
    if (inputs + sources.flowLogInput + networks.paths + files).count(where: { $0 == "-" }) > 1 {
      throw ValidationError("standard input (-) can be given once only")
    }
    var places = [OutputCheck.Place("the report", destination.output)]
    if destination.output != nil { places[0].option = "-o" }
    places += outputs.places
    if let metrics = monitoring.metrics { places.append(OutputCheck.Place("--metrics", metrics)) }
    try OutputCheck(
      inputs: inputs.map { ("the capture", $0) } + sources.flowLogInput.map { ("the flow log", $0) },
      networks: networks.paths
    ).check(places)
  }

  /// Options that say nothing to the records of a flow log, and why.
  private var optionsOfPackets: [(isGiven: Bool, why: String)] {
    let besides = [
      ("--costs", costs != nil), ("--events", events != nil), ("--metrics", monitoring.metrics != nil),
      ("--alarms", monitoring.alarms != nil), ("--deliver", monitoring.deliver),
      ("--sns-endpoint", monitoring.snsEndpoint != nil),
    ].map { option, isGiven in (isGiven, "\(option) goes with captures, and not with --flow-log-input") }
    return besides + [
      (filter != nil, "--filter picks packets, and a flow log has none"),
      (
        interface != nil,
        "--interface says where packets were captured: records of --flow-log-input name their own"
      ),
      (keepDuplicates, "--keep-duplicates is about mirrored packets, and a flow log has none"),
      (decapsulate != nil, "--decapsulate is about what is inside packets, and a flow log does not tell"),
      (timers != nil, "--timers is about idle flows, and records of minutes do not tell which are"),
      (
        outputs.flowLogInterval != nil,
        "--flow-log-interval is about records that --flow-log writes: those of --flow-log-input have their own"
      ),
    ]
  }

  /// The captures that are audited.
  private var inputs: [String] { sources.follow.map { [$0] } ?? captures }

  func run() throws {
    let network = try readNetwork()
    let filter = PacketFilter(
      network, midstream: midstream, captureInterface: try interface.map { try findInterface($0, network) })
    var run = AuditRun(
      filter, timers: timers == .nitroV6 ? .nitroV6 : .nitro, decapsulates: decapsulate != .never,
      keepsDuplicates: keepDuplicates, follows: sources.follow != nil,
      events: try reading { try events.map { try EventInput.read($0) } },
      workers: jobs ?? ProcessInfo.processInfo.activeProcessorCount, warnings: network.warnings)
    // A supervisor ends by SIGTERM what would go on for ever, and wants its report.
    Interruption.listen(to: sources.areAwaited(captures) ? [SIGINT, SIGTERM] : [SIGINT])
    if !sources.flowLogInput.isEmpty { return try compare(FlowLogAudit(filter, network), network) }
    var bar = ProgressBar(quiet ? .never : showing.progress)
    let alarms = try reading {
      var file = try monitoring.alarms.map { try AlarmFile(path: $0) }
      try file?.resolveNames(in: network, mayChange: events != nil)
      return file
    }
    let prices = try reading { try costs.map { try PriceList(path: $0) } }
    // Who listens while traffic comes wants to hear of alarms then, and to read series as far as they go.
    let isLive = sources.follow != nil || captures == ["-"]
    let desk = alarms.map { monitoring.desk($0, announces: isLive && !quiet, isQuiet: quiet) }
    var changes: [AlarmTransition]?
    let lost = try withOutputs(outputs.paths + [monitoring.metrics], growing: isLive) { opened in
      var sinks = AuditSinks(files: try outputs.sinks(filter, opened))
      if let format = monitoring.formatOfMetrics, let output = opened.last ?? nil {
        sinks.metrics = try MetricRecords(
          filter, period: monitoring.metricsPeriod, format, output, isLive: isLive,
          endless: sources.follow != nil)
      }
      sinks.alarms = alarms.map { AlarmWatch(filter, $0) }
      if isLive { sinks.alarms?.desk = desk }
      try audit(&run, &sinks, &bar)
      changes = sinks.alarms?.transitions
    }
    var report = run.report
    report.alarms = changes?.map(AuditReport.AlarmChange.init)
    report.warnings += alarms?.warnings ?? []
    report.warnings += lost.map(\.description)
    // Whoever does not want the report may want to hear of alarms.
    let written = Result { try write(report, prices.map(run.costs)) }
    if let desk {
      if !isLive { (changes ?? []).forEach(desk.post) }
      switch desk.close() {
      case .told: break
      case .givenUp(SIGINT) where sources.follow == nil: throw ExitCode.interrupted
      case .givenUp, .lost: throw ExitCode.invalidInput
      }
    }
    try written.get()
    if run.wasInterrupted && sources.follow == nil { throw ExitCode.interrupted }
    if run.failed || !lost.isEmpty { throw ExitCode.invalidInput }
    if failOn.contains(where: { $0.count(in: report) > 0 }) { throw ExitCode.unmet }
  }

  /// Compares flow logs with the rules.
  private func compare(_ audit: FlowLogAudit, _ network: VirtualNetwork) throws {
    var input = FlowLogInput(audit, format: outputs.format)
    for path in sources.flowLogInput { input.read(path) }
    let report = input.report
    let stop =
      "INTERRUPTED: the audit was stopped before the end of the flow logs; the report covers what was read"
    let warnings = network.warnings + input.warnings + (Interruption.isRequested ? [stop] : [])
    let rendered = FlowLogAuditReport(
      report, warnings: warnings, style: destination.style, showsAll: verbose)
    try withOutput(path: destination.output) {
      try $0.write(format == .json ? rendered.json() : rendered.text())
    }
    if Interruption.isRequested { throw ExitCode.interrupted }
    if input.failed { throw ExitCode.invalidInput }
    if failOn.contains(where: { $0.count(in: report) > 0 }) { throw ExitCode.unmet }
  }

  private func audit(_ run: inout AuditRun, _ sinks: inout AuditSinks, _ bar: inout ProgressBar) throws {
    do {
      try run.audit(inputs, filter: filter, sinks: &sinks, progress: &bar)
    } catch let error as CaptureError {
      StandardError.report(error)
      throw ExitCode.validationFailure
    } catch let error as EventError {
      StandardError.report(error)
      throw ExitCode.invalidInput
    } catch let error as YAMLProblem {
      StandardError.report(error)
      throw ExitCode.invalidInput
    }
    // Before any output gets its name: nothing was audited.
    guard run.hasCaptures || run.wasInterrupted else { throw ExitCode.invalidInput }
  }

  // MARK: Input

  private func readNetwork() throws -> VirtualNetwork {
    do {
      let network = try NetworkReader().read(paths: networks.paths)
      if verbose && !quiet {
        for problem in network.problems where problem.severity == .note {
          StandardError.report("note: \(problem.text)")
        }
      }
      return network
    } catch {
      StandardError.report(error)
      throw ExitCode.invalidInput
    }
  }

  /// Reports what cannot be read.
  private func reading<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch {
      StandardError.report("\(error)")
      throw ExitCode.invalidInput
    }
  }

  private func findInterface(_ name: String, _ network: VirtualNetwork) throws -> ResourceID {
    do {
      return try InterfaceSelector(network).find(name)
    } catch {
      StandardError.report(error)
      throw ExitCode.invalidInput
    }
  }

  // MARK: Report

  private func write(_ report: AuditReport, _ costs: CostReport?) throws {
    try withOutput(path: destination.output) { output in
      try output.write(
        format == .json
          ? AuditJSONReport(report, costs: costs).text()
          : AuditTextReport(report, costs: costs, style: destination.style, showsAll: verbose).text())
    }
  }
}

extension VirtualNetwork {
  /// What reports warn of: errors and warnings, in the order of the input.
  fileprivate var warnings: [String] { problems.filter { $0.severity != .note }.map(\.text) }
}
