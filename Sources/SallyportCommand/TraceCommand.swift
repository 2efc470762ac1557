import ArgumentParser
import Filtering
import PolicyFormats
import ReportFormats
import VirtualNetworks

/// `sallyport trace`: follows one packet, or thousands, there and back.
struct TraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract: "Ask whether a packet gets from here to there and its reply back, and why.",
    discussion: """
      FROM and TO are an address, a CIDR block (its only interface, or outside the
      VPCs its first host), internet, a resource id (i-, eni-, subnet-, vpc-, sg-,
      nat-, igw-, ...) or a name: a Name tag, a group's name, or KIND/NAME with
      instance, eni, subnet, vpc, sg, nat or lb. An instance means its primary
      interface. internet is asked as one host of it, 8.8.8.8 as a rule, as the
      answer shows; sallyport test proves a claim for all of them.

      PROTO is tcp/PORT, udp/PORT, icmp (an echo), icmp/TYPE/CODE, icmpv6, or a
      protocol's number. TCP, UDP and ICMP queries are allowed only if the reply
      comes back, too; --one-way asks about the packet alone.

      A FILE of --flows is NDJSON, or CSV with a header line, with the fields id,
      from, to, enters_at, protocol, port, from_port, icmp_type, icmp_code and
      round_trip; others come back as they are. JSON answers are one a line, in
      the order asked.

      EXAMPLES
        sallyport trace -n network/ web-1 db-1 tcp/5432
        sallyport trace -n network/ internet web-1 tcp/443 --expect allow
        sallyport trace -n network/ app-1 192.0.2.80 udp/123 --format json
        sallyport trace -n network/ --flows flows.ndjson --format json

      EXIT CODES
        0   done, whatever the answer
        1   done, and an answer is not what --expect names
        2   an input cannot be read or is not valid; valid lines are answered
        64  wrong usage
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  enum Expectation: String, ExpressibleByArgument, CaseIterable {
    case allow, deny

    var packetClass: PacketClass { self == .allow ? .allow : .deny }
  }

  @Argument(help: "Where the packet comes from.")
  var from: String?

  @Argument(help: "Where it goes to.")
  var to: String?

  @Argument(help: ArgumentHelp("What it is: tcp/443, udp/53, icmp, icmp/3/4, 47.", valueName: "proto"))
  var traffic: String?

  @OptionGroup var networks: NetworkOptions

  @Option(
    help: ArgumentHelp("Answer the questions of this file; - for standard input.", valueName: "file"),
    completion: .file())
  var flows: String?

  @Option(help: ArgumentHelp("The source port; 49152 unless named.", valueName: "port"))
  var fromPort: UInt16?

  @Option(
    help: ArgumentHelp(
      "Where the packet enters the network: internet, an instance, an interface, a subnet or a VPC.",
      valueName: "resource"))
  var entersAt: String?

  @Flag(help: "Do not ask whether the reply comes back.")
  var oneWay = false

  @Option(help: "Exit with 1 if an answer is another: allow or deny.")
  var expect: Expectation?

  @Option(help: "How to write answers.")
  var format = Format.text

  @OptionGroup var destination: ReportOptions

  @OptionGroup var showing: ProgressOptions

  @Flag(name: .shortAndLong, help: "Say nothing of what is wrong with the network, and show no progress.")
  var quiet = false

  @Flag(
    name: .shortAndLong,
    help: "Show the whole path for each question of --flows, and every warning and note on the network.")
  var verbose = false

  func validate() throws {
    if networks.paths.isEmpty { throw NetworkOptions.missing }
    if networks.paths.count(where: { $0 == "-" }) + (flows == "-" ? 1 : 0) > 1 {
      throw ValidationError("standard input (-) can be given once only")
    }
    try OutputCheck(inputs: flows.map { [("the questions", $0)] } ?? [], networks: networks.paths)
      .check([OutputCheck.Place("-o", destination.output)])
    guard flows != nil else {
      guard traffic != nil else { throw ValidationError("ask with FROM TO PROTO, or with --flows FILE") }
      _ = try question()
      return
    }
    if from != nil { throw ValidationError("ask with FROM TO PROTO or with --flows FILE, not with both") }
    if fromPort != nil || entersAt != nil || oneWay {
      throw ValidationError(
        "--from-port, --enters-at and --one-way are fields of a flow file: from_port, enters_at, round_trip")
    }
  }

  func run() throws {
    let network = try readNetwork()
    var style = destination.style
    style.cutsLines = destination.isTerminal
    var run = TraceRun(network, style: style)
    let failed = try flows.map { try answer(fileAt: $0, &run) } ?? answerOne(&run)
    if failed { throw ExitCode.invalidInput }
    if let expect, run.verdicts.contains(where: { $0 != expect.packetClass }) { throw ExitCode.unmet }
  }

  // MARK: Questions

  private func question() throws -> FlowQuestion {
    do {
      return try FlowQuestion(
        from: from ?? "", to: to ?? "", traffic: traffic ?? "", entersAt: entersAt, sourcePort: fromPort,
        isRoundTrip: oneWay ? false : nil)
    } catch {
      throw ValidationError("\(error)")
    }
  }

  /// Answers the question of the command line; true if it names something that is not there.
  private func answerOne(_ run: inout TraceRun) throws -> Bool {
    let text: String
    do {
      text = try run.answer(try question(), as: format == .json ? .json : .path)
    } catch let error as TraceQuestion.Misfit {
      for misfit in error.all { StandardError.report(misfit) }
      return true
    }
    try withOutput(path: destination.output) { try $0.write(text) }
    return false
  }

  /// Answers a flow file; true if some of its lines are not valid.
  private func answer(fileAt path: String, _ run: inout TraceRun) throws -> Bool {
    let entries: [FlowQuestionReader.Entry]
    do {
      entries = try FlowQuestionReader().read(path: path)
    } catch {
      StandardError.report(error)
      throw ExitCode.invalidInput
    }
    let file = path == "-" ? "standard input" : path
    var failed = false
    try withOutput(path: destination.output) { output in
      let bar = CountBar(quiet ? .never : showing.progress, "questions")
      defer { bar.wipe() }
      for (index, entry) in entries.enumerated() {
        bar.show(index, of: entries.count)
        do {
          try output.write(try answer(try entry.get(), of: file, &run))
        } catch let error as FlowQuestionError {
          StandardError.report(error)
          failed = true
        }
      }
      if format == .text && !entries.isEmpty { try output.write(run.tally.text + "\n") }
    }
    return failed
  }

  private func answer(
    _ question: FlowQuestion, of file: String, _ run: inout TraceRun
  ) throws(FlowQuestionError) -> String {
    do {
      let text = try run.answer(question, as: format == .json ? .json : verbose ? .path : .line)
      return format == .text && verbose ? text + "\n" : text
    } catch {
      let problem = (["\(error.error)"] + error.all.dropFirst().map(\.description)).joined(separator: "; ")
      throw FlowQuestionError(file: file, line: question.line, field: error.field, problem: problem)
    }
  }

  // MARK: Input and output

  private func readNetwork() throws -> VirtualNetwork {
    do {
      let network = try NetworkReader().read(paths: networks.paths)
      if !quiet {
        for problem in network.problems where verbose || problem.severity == .error {
          StandardError.report(problem)
        }
      }
      return network
    } catch {
      StandardError.report(error)
      throw ExitCode.invalidInput
    }
  }
}
