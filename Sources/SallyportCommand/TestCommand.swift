import ArgumentParser
import PolicyTesting
import ReportFormats
import VirtualNetworks

/// `sallyport test`: holds written claims against a network.
struct TestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Run policy tests: claims about every packet, scenarios, captures.",
    discussion: """
      PATH is a test file, or a folder that is searched for *.test.yaml. A claim is
      about every packet between its ends: all their addresses, all source ports, all
      ports named, there and back. It holds for all of them or it fails with one that
      shows it, the rule that decided, and the trace that shows the way.

      A test file names its network, relative to itself:

        network: ../network
        tests:
          - name: the world reaches the web tier over HTTPS
            from: internet
            to: web-*
            allow: [tcp/443]
            from_port: 1024-65535
          - name: nobody but the app tier reaches the database
            from: [internet, web-*, bastion]
            to: db-1
            deny: [tcp/any, udp/any]
            because: ENI_SG_RULES_MISMATCH
          - name: the reply gets through
            steps:
              - send: {from: "203.0.113.7:51000", to: "web-1:443", tcp: S}
                expect: allow
              - wait: 351s
              - remove_rule: {group: web, rule: tcp 443 from 0.0.0.0/0}
              - stop: web-1
              - send: {from: "203.0.113.7:51001", to: "web-1:443", tcp: S}
                expect: deny
          - name: nothing in yesterday's capture would be blocked
            capture: captures/web.pcap
            denied: 0

      from and to are selectors: a name (with * for any characters), an id, sg/NAME,
      subnet/NAME, vpc/NAME, an address, a block, internet; traffic is tcp/443,
      udp/8000-8100, tcp/any, icmp, icmp/8/0, a protocol's number, any. because holds
      if the code is among all that stops a packet. round_trip: false leaves replies
      out. Steps: send (tcp: S, udp: true, icmp: echo, protocol: 47) with expect:
      allow, deny or unknown; wait; add_rule, remove_rule (group or acl, and rule);
      start, stop, reboot, hibernate, terminate; associate_address,
      disassociate_address. timers: nitro-v6 beside steps shortens idle TCP flows.
      A capture has limits: denied, unknown, unplaced, undecoded.

      EXAMPLES
        sallyport test
        sallyport test policies/ --filter '*database*'
        sallyport test policies/ -n staging/ --format junit -o report.xml
        sallyport test policies/ --coverage

      EXIT CODES
        0   every test passed
        1   a test failed
        2   a file, a network or a selector is not valid, or there is no test
        64  wrong usage
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json, junit, tap, github
  }

  @Argument(
    help: "Test files, or folders that hold some; the current folder unless named.", completion: .file())
  var paths: [String] = []

  @Option(
    name: [.short, .customLong("network")],
    help: ArgumentHelp(
      "Test this network instead of those that the files name; may be repeated.", valueName: "path"),
    completion: .file())
  var network: [String] = []

  @Option(
    help: ArgumentHelp("Run only tests whose names match; * stands for any characters.", valueName: "glob"))
  var filter: String?

  @Flag(help: "List the tests and run none.")
  var list = false

  @Flag(help: "Leave out what comes after the first test that does not pass.")
  var failFast = false

  @Flag(
    help: """
      Also tell which rules no test decides, and which small changes of a rule (dropped, one bit or one port wider or \
      narrower, two entries swapped, another group) no test would notice, each with a claim that would.
      """)
  var coverage = false

  @Option(
    help: ArgumentHelp("How long to try such changes; those left then are counted.", valueName: "seconds"))
  var coverageTime = 60

  @OptionGroup var showing: ProgressOptions

  @Option(help: "How to write results.")
  var format = Format.text

  @OptionGroup var destination: ReportOptions

  @Flag(name: .shortAndLong, help: "List only tests that did not pass, and show no progress.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Also say what is odd about the networks.")
  var verbose = false

  func validate() throws {
    if (paths + network).contains("-") {
      throw ValidationError("standard input (-) can be no test file, and no network of one: name a file")
    }
    if list, format != .text, format != .json {
      throw ValidationError("--list writes text or json, not \(format.rawValue)")
    }
    if coverage, list { throw ValidationError("--list runs no test, and --coverage runs all") }
    if coverage, failFast {
      throw ValidationError("--coverage needs every test, --fail-fast leaves some out")
    }
    if coverage, format != .text, format != .json {
      throw ValidationError("--coverage writes text or json, not \(format.rawValue)")
    }
    if !(0...86_400).contains(coverageTime) {
      throw ValidationError("--coverage-time is 0 to 86400 seconds, found \(coverageTime)")
    }
    try OutputCheck(inputs: paths.map { ("the tests", $0) }, networks: network)
      .check([OutputCheck.Place("-o", destination.output)])
  }

  func run() throws {
    let files: [String]
    do {
      files = try PolicyTestDiscovery.files(at: paths.isEmpty ? ["."] : paths)
    } catch {
      StandardError.report(error)
      throw ExitCode.invalidInput
    }
    let pattern = filter.map { NamePattern($0) }
    var plan = PolicyTestPlan(paths: files, networkOverride: network) { name in
      pattern?.matches(name) ?? true
    }
    if plan.tests.isEmpty && plan.problems.isEmpty {
      StandardError.report("no test is called \"\(filter ?? "")\"; sallyport test --list lists what there is")
      throw ExitCode.invalidInput
    }
    if list {
      try write(listing(of: plan))
      for problem in plan.problems { StandardError.report(problem.text) }
      if !plan.problems.isEmpty { throw ExitCode.invalidInput }
      return
    }
    plan.readNetworks()
    if verbose {
      for (_, tested) in plan.networksInOrder { tested.network.problems.forEach(StandardError.report) }
    }
    var runner = PolicyTestRunner()
    runner.failsFast = failFast
    let results = runner.run(plan)
    let coverages = coverage ? measure(plan, results) : nil
    try write(text(of: results, coverages))
    // Whoever reads a report made for programs is told all the same.
    if format != .text || destination.output != nil {
      for problem in results.problems { StandardError.report(problem.text) }
    }
    if results.isInvalid { throw ExitCode.invalidInput }
    if results.failed > 0 { throw ExitCode.unmet }
  }

  private func listing(of plan: PolicyTestPlan) -> String {
    if format == .json { return PolicyTestJSONReport.list(plan.tests) }
    return plan.tests.map { "\($0.file):\($0.test.location.line ?? 1): \($0.test.name)\n" }.joined()
  }

  private func measure(_ plan: PolicyTestPlan, _ results: PolicyTestResults) -> [PolicyCoverage] {
    var run = PolicyCoverageRun(timeLimit: .seconds(coverageTime))
    let bar = CountBar(quiet ? .never : showing.progress, "mutants")
    run.progress = { bar.show($0, of: $1) }
    defer { bar.wipe() }
    return run.coverage(of: plan, results)
  }

  private func text(of results: PolicyTestResults, _ coverages: [PolicyCoverage]?) -> String {
    switch format {
    case .text:
      PolicyTestTextReport(style: destination.style, listsPassed: !quiet).text(results)
        + (coverages.flatMap {
          $0.isEmpty ? nil : "\n" + PolicyCoverageTextReport(style: destination.style).text($0)
        }
          ?? "")
    case .json: PolicyTestJSONReport.text(results, coverage: coverages)
    case .junit: PolicyTestJUnitReport.text(results)
    case .tap: PolicyTestTAPReport.text(results)
    case .github: PolicyTestGitHubReport.text(results)
    }
  }

  private func write(_ text: String) throws {
    try withOutput(path: destination.output) { try $0.write(text) }
  }
}
