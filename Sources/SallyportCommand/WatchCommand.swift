import ArgumentParser
import CaptureFiles
import Filtering
import Foundation
import MetricAlarms
import NetworkTypes
import PolicyFormats
import ReportFormats
import TrafficAudit
import VirtualNetworks

/// `sallyport watch`: judges live traffic of a device.
struct WatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Judge live traffic of a network device against a network's groups, ACLs and routes.",
    discussion: """
      Packets are taken from the device by libpcap, which needs the right to (root, or CAP_NET_RAW). A terminal shows \
      rates, the denials with most packets and the rules in use, renewed every second. Ctrl-C (or SIGTERM) ends it; then \
      comes the report of audit on all that was seen. Where standard output is no terminal, that report is all.

      EXAMPLES
        sallyport watch -i eth0 -n network/
        sallyport watch -i eth0 -n network/ --filter 'tcp port 443'
        sallyport watch -i eth0 -n net/ --duration 60 --format json -o audit.json
        sallyport watch -i eth0 -n net/ --alarms alarms.yaml --metrics m.csv
        sallyport watch -i eth0 -n net/ -q --metrics-port 9464

      EXIT CODES
        0    done; to interrupt is the way to end
        2    the device or the network cannot be read, or an alarm not delivered
        64   wrong usage; the filter is not valid
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  @Option(
    name: [.customShort("i"), .long],
    help: ArgumentHelp("The device: eth0, or any for all.", valueName: "device"))
  var interface: String

  @OptionGroup var networks: NetworkOptions

  @Option(help: ArgumentHelp("A BPF filter in tcpdump's syntax.", valueName: "expression"))
  var filter: String?

  @Option(
    help: ArgumentHelp("The network interface whose device it is: its id, or its name.", valueName: "id"))
  var at: String?

  @Option(help: ArgumentHelp("End after this many seconds.", valueName: "seconds"))
  var duration: Double?

  @Option(help: ArgumentHelp("Seconds from one picture of the terminal to the next.", valueName: "seconds"))
  var interval = 1.0

  @OptionGroup var monitoring: MonitoringOptions

  @Option(
    help: ArgumentHelp(
      "Serve the counts since the beginning as OpenMetrics at http://127.0.0.1:PORT/metrics; 0 takes any free port and "
        + "says which.", valueName: "port"))
  var metricsPort: UInt16?

  @Option(help: "How to write the report at the end.")
  var format = Format.text

  @OptionGroup var destination: ReportOptions

  @Flag(name: .shortAndLong, help: "Show no dashboard, the report only.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "List everything in the report: all denials, rules and warnings.")
  var verbose = false

  func validate() throws {
    if networks.paths.isEmpty { throw NetworkOptions.missing }
    if (networks.paths + [monitoring.alarms].compactMap { $0 }).count(where: { $0 == "-" }) > 1 {
      throw ValidationError("standard input (-) can be given once only")
    }
    if let duration, !(0.01...1e8).contains(duration) {
      throw ValidationError("--duration \(duration): expected seconds, more than 0")
    }
    guard (0.1...3600).contains(interval) else {
      throw ValidationError("--interval \(interval): expected 0.1 to 3600 seconds")
    }
    var places = [OutputCheck.Place("-o", destination.output)]
    if let metrics = monitoring.metrics { places.append(OutputCheck.Place("--metrics", metrics)) }
    try OutputCheck(inputs: [], networks: networks.paths).check(places)
  }

  func run() throws {
    let model: VirtualNetwork
    let filter: PacketFilter
    var run: WatchRun
    var monitors = WatchMonitors()
    do {
      model = try NetworkReader().read(paths: networks.paths)
      monitors.file = try monitoring.alarms.map { try AlarmFile(path: $0) }
      try monitors.file?.resolveNames(in: model)
      let place = try at.map { try InterfaceSelector(model, option: "--at").find($0) }
      filter = PacketFilter(model, captureInterface: place)
      monitors.port = try metricsPort.map { try MetricsPort(port: $0) }
      run = try WatchRun(
        device: interface, filter: self.filter, filter, decapsulates: true,
        warnings: model.problems.filter { $0.severity != .note }.map(\.message)
          + (monitors.file?.warnings ?? []))
    } catch {
      StandardError.report("\(error)")
      if case .filter? = error as? CaptureError { throw ExitCode.validationFailure }
      throw ExitCode.invalidInput
    }
    // A supervisor ends what runs by SIGTERM, and wants its report as well.
    Interruption.listen(to: [SIGINT, SIGTERM])
    if let port = monitors.port, !showsPictures, !quiet { StandardError.report("metrics: \(port.address)") }
    monitors.desk = monitors.file.map { monitoring.desk($0, announces: !showsPictures) }
    var failure: (any Error)?
    let lost = try withOutputs([monitoring.metrics], growing: true) { opened in
      var sinks = try sinks(filter, monitors, opened[0])
      failure = watch(&run, &sinks, monitors)
      do { try run.finish(&sinks) } catch { failure = failure ?? error }
      monitors.transitions = sinks.alarms?.transitions
    }
    monitors.port?.close()
    var report = monitors.complete(run.report)
    report.warnings += lost.map(\.description)
    let written = Result {
      try withOutput(path: destination.output) { output in
        try output.write(
          format == .json
            ? AuditJSONReport(report).text()
            : AuditTextReport(report, style: destination.style, showsAll: verbose).text())
      }
    }
    let isTold = (monitors.desk?.close() ?? .told) == .told
    if let failure { StandardError.report("\(failure)") }
    if failure != nil || !isTold || !lost.isEmpty { throw ExitCode.invalidInput }
    try written.get()
  }

  private var showsPictures: Bool { !quiet && Terminal.isTerminal(.standardOutput) }

  /// What counts besides the report.
  private func sinks(
    _ filter: PacketFilter, _ monitors: WatchMonitors, _ output: Output?
  ) throws -> AuditSinks {
    var sinks = AuditSinks()
    if let format = monitoring.formatOfMetrics, let output {
      sinks.metrics = try MetricRecords(
        filter, period: monitoring.metricsPeriod, format, output, isLive: true, endless: true)
    }
    sinks.alarms = monitors.file.map { AlarmWatch(filter, $0) }
    sinks.alarms?.desk = monitors.desk
    sinks.alarms?.takesOpenPeriod = false
    sinks.scrapes = monitors.port.map { ScrapedMetrics(filter, $0) }
    return sinks
  }

  /// Judges what comes until it is time to end; the error that ended it early, if one did.
  private func watch(
    _ run: inout WatchRun, _ sinks: inout AuditSinks, _ monitors: WatchMonitors
  ) -> (any Error)? {
    let clock = ContinuousClock()
    let start = clock.now
    var earlier = AuditReport()
    var shown = start
    var pause = interval
    sinks.begin(at: CaptureTime.now)
    while !Interruption.isRequested {
      do {
        if try !run.advance(&sinks) { Thread.sleep(forTimeInterval: 0.02) }
        try run.reach(CaptureTime.now, &sinks)
      } catch { return error }
      let now = clock.now
      if let duration, (now - start).seconds >= duration { break }
      let since = (now - shown).seconds
      guard showsPictures, since >= pause else { continue }
      let report = run.report
      var picture = WatchFrame(
        device: interface, report: report, earlier: earlier, elapsed: (now - start).seconds, interval: since,
        drops: run.drops, style: destination.screenStyle)
      picture.rows = Terminal.rows(.standardOutput) ?? 24
      picture.alarms = sinks.alarms?.board.current.map {
        .init(name: $0.alarm.name, state: $0.state.rawValue)
      }
      picture.address = monitors.port?.address
      picture.undelivered = monitors.desk?.lost ?? 0
      // Home, each line cleared to its end, then everything below. In a small terminal lines end at its edge instead of
      // going on in the next one, and the first ones stay.
      let lines = picture.text().split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      let text = lines.prefix(max(1, picture.rows - 1)).map { "\($0)\u{1b}[K\n" }.joined()
      FileHandle.standardOutput.write(Data("\u{1b}[?7l\u{1b}[H\(text)\u{1b}[J\u{1b}[?7h".utf8))
      (earlier, shown) = (report, now)
      // A picture of very many denials takes its time; most of it must go to the packets.
      pause = max(interval, 10 * (clock.now - now).seconds)
    }
    if showsPictures { FileHandle.standardOutput.write(Data("\u{1b}[H\u{1b}[J".utf8)) }
    return nil
  }
}

extension CaptureTime {
  /// The clock that stamps live packets.
  fileprivate static var now: CaptureTime {
    CaptureTime(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9))
  }
}

extension Duration {
  fileprivate var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
