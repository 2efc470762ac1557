import ArgumentParser
import PolicyFormats
import ReportFormats
import RuleBenchmarking
import VirtualNetworks

/// `sallyport bench`: how fast rules are evaluated here.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure how fast packets are decoded, matched, tracked and audited.",
    discussion: """
      Every stage is measured alone and together, on your network and capture or on synthetic ones. All matchers must \
      give the same answer to every packet measured, or nothing is reported and the exit code is 1. Compare ratios \
      between runs on one machine, not figures of different machines.

      EXAMPLES
        sallyport bench
        sallyport bench -n network/ --capture capture.pcap
        sallyport bench --rules 60,1000 --format json -o before.json
        sallyport bench --rules 60,1000 --compare before.json
        sallyport bench --curves --rounds 3
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json, csv
  }

  @Option(
    name: [.short, .customLong("network")],
    help: ArgumentHelp("The network; synthetic without. May be repeated.", valueName: "path"),
    completion: .file())
  var network: [String] = []

  @Option(
    help: ArgumentHelp("The packets; synthetic without. At most a million are used.", valueName: "file"),
    completion: .file())
  var capture: String?

  @Option(help: ArgumentHelp("Lengths of synthetic rule lists.", valueName: "n,n,..."))
  var rules = "10,100,1000,10000"

  @Option(help: ArgumentHelp("Packets of a round.", valueName: "n"))
  var packets = 200_000

  @Option(help: ArgumentHelp("Rounds; the middle one of each part counts.", valueName: "n"))
  var rounds = 5

  @Option(help: ArgumentHelp("Where synthetic networks, rules and packets begin.", valueName: "n"))
  var seed: UInt64 = 1

  @Flag(
    help:
      "Measure cost curves instead: 10 to 100,000 rules, 1 to 100,000 interfaces, 1,000 to 10 million flows.")
  var curves = false

  @Option(help: "How to write the figures: text, json or csv.")
  var format = Format.text

  @Option(
    help: ArgumentHelp("Print ratios to an earlier report in JSON.", valueName: "file"), completion: .file())
  var compare: String?

  @OptionGroup var destination: ReportOptions

  @OptionGroup var showing: ProgressOptions

  @Flag(name: .shortAndLong, help: "Say nothing but errors on standard error.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Say on standard error what is measured next.")
  var verbose = false

  private var sizes: [Int]? {
    let parts = rules.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    let sizes = parts.compactMap { $0 }
    return sizes.count == parts.count && sizes.allSatisfy { (1...1_000_000).contains($0) } ? sizes : nil
  }

  func validate() throws {
    guard sizes != nil else {
      throw ValidationError("--rules '\(rules)': expected numbers from 1 to 1000000 with commas between them")
    }
    guard (256...10_000_000).contains(packets) else {
      throw ValidationError("--packets \(packets): expected a number from 256 to 10000000")
    }
    guard (1...1_000).contains(rounds) else {
      throw ValidationError("--rounds \(rounds): expected a number from 1 to 1000")
    }
    var check = OutputCheck(networks: network)
    check.inputs = [("the capture", capture), ("the earlier report", compare)].compactMap { noun, path in
      path.map { (noun, $0) }
    }
    try check.check([OutputCheck.Place("-o", destination.output)])
    if curves, !network.isEmpty || capture != nil {
      throw ValidationError(
        "--curves measures synthetic networks and packets: it goes without -n and --capture")
    }
  }

  func run() throws {
    let earlier: EarlierBenchmark?
    var run = BenchRun(rounds: rounds, seed: seed, packets: packets)
    do {
      earlier = try compare.map { try EarlierBenchmark(path: $0) }
      if !network.isEmpty { run.network = try NetworkReader().read(paths: network) }
      if let capture { run.frames = try BenchRun.frames(of: capture) }
    } catch {
      StandardError.report("\(error)")
      throw ExitCode.invalidInput
    }
    var report: BenchmarkReport
    let bar = CountBar(quiet || verbose ? .never : showing.progress, "parts")
    defer { bar.wipe() }
    let clock = ContinuousClock()
    let began = clock.now
    func say(_ next: String, _ done: Int, _ total: Int) {
      bar.show(done, of: total)
      if !quiet, verbose {
        StandardError.report(
          "\(done) of \(total) after \(Int((clock.now - began) / .seconds(1))) s; next \(next)")
      }
    }
    do {
      report = try curves ? run.curves(say) : run.report(rules: sizes ?? [], say)
    } catch let disagreement as MatcherDisagreement {
      StandardError.report(disagreement)
      throw ExitCode.unmet
    }
    earlier?.add(to: &report)
    let text =
      switch format {
      case .text: curves ? report.curvesText() : report.text()
      case .json: report.json()
      case .csv: report.csv()
      }
    try withOutput(path: destination.output) { try $0.write(text) }
  }
}
