import ArgumentParser
import CaptureFiles
import NetworkTypes
import PolicyFormats
import TrafficSynthesis
import VirtualNetworks

/// `sallyport synth`: writes a capture of made-up packets.
struct SynthCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "synth",
    abstract: "Write a capture of made-up packets that fit a network.",
    discussion: """
      Flows with handshakes, data, replies and closes, in order of time, between
      hosts of the network, its peers and the internet, on the ports that its rules
      speak of. The same options and the same network give the same bytes on every
      machine. Without -n a small network of three tiers is assumed.

      Percentages count packets: --denied those of flows that the network stops,
      --midstream the TCP packets whose handshake the capture missed, --malformed
      packets that cannot be decoded.

      --boundaries writes a witness of the policy instead: for each rule packets just
      inside and just outside of its protocol, first and last port, first and last
      address, and whatever else tells the rules from any that differ by one step,
      with handshakes and replies.

      EXAMPLES
        sallyport synth -n network/ -o made-up.pcap
        sallyport synth -n network/ --packets 10000000 --sizes 64 -o load.pcap
        sallyport synth --mix tcp=80,udp=20 --ipv6 50 --seed 7 -o - | tcpdump -r -
        sallyport synth -n network/ --boundaries -o edges.pcapng
      """)

  @Option(
    name: [.short, .customLong("network")],
    help: ArgumentHelp(
      "A folder of aws describe-* outputs, one such file, or - for standard input; may be repeated.",
      valueName: "path"),
    completion: .file())
  var network: [String] = []

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Write to this file: pcapng if its name ends in .pcapng, otherwise pcap; - for standard output.",
      valueName: "file"),
    completion: .file())
  var output: String

  @Option(help: ArgumentHelp("How many packets; 1000 unless named.", valueName: "n"))
  var packets: Int?

  @Option(help: ArgumentHelp("Which of all such captures.", valueName: "n"))
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp("How many flows; as lengths of usual flows give it unless named.", valueName: "n"))
  var flows: Int?

  @Option(
    help: ArgumentHelp(
      "Lengths of frames that carry data: imix, a length, or several with weights (64=7,590=4,1514=1).",
      valueName: "lengths"))
  var sizes = "imix"

  @Option(help: ArgumentHelp("Weights of the protocols.", valueName: "weights"))
  var mix = "tcp=70,udp=25,icmp=5"

  @Option(help: ArgumentHelp("Share of IPv6; 20 unless named.", valueName: "percent"))
  var ipv6: Int?

  @Option(help: ArgumentHelp("Share of packets of denied flows; 10 unless named.", valueName: "percent"))
  var denied: Int?

  @Option(help: ArgumentHelp("Share of TCP packets of flows without a handshake.", valueName: "percent"))
  var midstream = 0

  @Option(help: ArgumentHelp("Share of fragments.", valueName: "percent"))
  var fragments = 0

  @Option(help: ArgumentHelp("Share of packets that cannot be decoded.", valueName: "percent"))
  var malformed = 0

  @Flag(help: "Write the packets at the edges of every rule instead.")
  var boundaries = false

  @Option(help: "Whether to show progress on standard error; auto: on a terminal.")
  var progress = ProgressBar.Mode.auto

  @Flag(name: .shortAndLong, help: "Say nothing but errors on standard error.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Say on standard error what was written.")
  var verbose = false

  /// More than an hour's work, and less than any count overflows at.
  private static let packetLimit = 10_000_000_000

  func validate() throws {
    if network.count(where: { $0 == "-" }) > 1 {
      throw ValidationError("standard input (-) can be given once only")
    }
    if let packets, !(1...Self.packetLimit).contains(packets) {
      throw ValidationError("--packets \(packets): expected 1 to \(Self.packetLimit)")
    }
    if let flows, !(1...(packets ?? TrafficMix().packets)).contains(flows) {
      throw ValidationError("--flows \(flows): expected 1 to \(packets ?? TrafficMix().packets), the packets")
    }
    let shares = [
      ("--ipv6", ipv6), ("--denied", denied), ("--midstream", midstream), ("--fragments", fragments),
      ("--malformed", malformed),
    ]
    for case (let name, let share?) in shares where !(0...100).contains(share) {
      throw ValidationError("\(name) \(share): expected 0 to 100 percent")
    }
    guard FrameSizes(sizes) != nil else {
      throw ValidationError(
        "--sizes \(sizes): expected imix, or lengths of 14 to \(FrameSizes.limit) bytes, as in 64 or 64=7,1514=1"
      )
    }
    guard ProtocolShares(mix) != nil else {
      throw ValidationError("--mix \(mix): expected weights as in tcp=70,udp=25,icmp=5")
    }
    if boundaries && network.isEmpty {
      throw ValidationError("--boundaries is about a network's rules: -n PATH")
    }
    try OutputCheck(networks: network).check([OutputCheck.Place("-o", output)])
  }

  func run() throws {
    let network = try readNetwork()
    if boundaries { return try writeBoundaries(of: network) }
    var traffic = TrafficSynthesizer(trafficMix, network)
    let shortfalls = traffic.shortfalls.filter { text in
      // What nobody asked for is not missed.
      !(ipv6 == nil && text.contains("over IPv6")) && !(denied == nil && text.contains("denies was"))
    }
    if !quiet { for text in shortfalls { StandardError.report("note: \(text)") } }
    if traffic.packetsLeft == 0 { throw ExitCode.invalidInput }
    let total = traffic.packetsLeft
    let bar = CountBar(quiet ? .never : progress, "packets")
    defer { bar.wipe() }
    try write { encoder, bytes, flush in
      while traffic.write(to: &bytes, encoder) {
        guard bytes.count >= Self.blockLength else { continue }
        try flush(&bytes)
        bar.show(total - traffic.packetsLeft, of: total)
      }
    }
    bar.wipe()
    if !quiet { for text in traffic.missedShares { StandardError.report("note: \(text)") } }
    if verbose && !quiet { StandardError.report("\(total) packets") }
  }

  private static let blockLength = 1 << 20

  private var trafficMix: TrafficMix {
    var mix = TrafficMix()
    mix.packets = packets ?? mix.packets
    mix.flows = flows
    mix.seed = seed
    mix.sizes = FrameSizes(sizes) ?? mix.sizes
    mix.protocols = ProtocolShares(self.mix) ?? mix.protocols
    mix.ipv6 = ipv6 ?? mix.ipv6
    mix.denied = denied ?? mix.denied
    mix.midstream = midstream
    mix.fragments = fragments
    mix.malformed = malformed
    return mix
  }

  private func readNetwork() throws -> VirtualNetwork {
    if network.isEmpty { return .forSynthesis }
    do {
      return try NetworkReader().read(paths: network)
    } catch {
      StandardError.report(error)
      throw ExitCode.invalidInput
    }
  }

  private func writeBoundaries(of network: VirtualNetwork) throws {
    let bar = CountBar(quiet ? .never : progress, "rules")
    var traffic = BoundaryTraffic(network) { bar.show($0, of: $1) }
    bar.wipe()
    let report = traffic.report
    if !quiet { for text in ignoredOptions + Self.notes(report) { StandardError.report("note: \(text)") } }
    if traffic.flowCount == 0 {
      StandardError.report("the network has no rules that packets could be brought to")
      throw ExitCode.invalidInput
    }
    try write { encoder, bytes, flush in try traffic.write(to: &bytes, encoder, flush: flush) }
    if verbose && !quiet {
      StandardError.report(
        "\(traffic.flowCount) flows: they show \(report.shown) of \(report.mutants) one-step changes of the rules; "
          + "\(report.alike) change nothing that a packet shows")
    }
  }

  /// Options that say how much traffic there is, and which, have no say in what is at the edges of rules.
  private var ignoredOptions: [String] {
    let usual = TrafficMix()
    let given: [(name: String, isGiven: Bool)] = [
      ("--packets", packets != nil), ("--seed", seed != usual.seed), ("--flows", flows != nil),
      ("--sizes", sizes != "imix"), ("--mix", mix != "tcp=70,udp=25,icmp=5"), ("--ipv6", ipv6 != nil),
      ("--denied", denied != nil), ("--midstream", midstream != 0), ("--fragments", fragments != 0),
      ("--malformed", malformed != 0),
    ]
    let names = given.filter(\.isGiven).map(\.name)
    return names.isEmpty
      ? [] : ["--boundaries goes by the rules alone: without effect: " + names.joined(separator: ", ")]
  }

  /// What a reader of the capture should know of what it does not show.
  private static func notes(_ report: BoundaryReport) -> [String] {
    var notes: [String] = []
    if report.rulesWithoutCarrier > 0 {
      notes.append(
        "\(report.rulesWithoutCarrier) rules are of groups that no interface carries or ACLs of subnets without "
          + "interfaces: no packet meets them")
    }
    if report.blocksWithoutEdges > 0 {
      notes.append(
        "\(report.blocksWithoutEdges) blocks of prefix lists and group references got no packets at their edges, since "
          + "there are too many")
    }
    if report.rulesWithOthersID > 0 {
      notes.append(
        "\(report.rulesWithOthersID) rules have the id of another of their group: of those with one id only changes of "
          + "the last were searched for")
    }
    let cut = report.cuts.reduce(0) { $0 + $1.mutants }
    if cut > 0 {
      let names = report.cuts.prefix(3).map { "\($0.owner.rawValue) (\($0.mutants) of \($0.total))" }
      let others = report.cuts.count - names.count
      notes.append(
        "\(cut) of \(report.mutants) one-step changes were not searched for, since the search took too long: of "
          + names.joined(separator: ", ") + (others > 0 ? " and \(others) others" : "")
          + "; the edges of their rules are written all the same")
    }
    if report.givenUp > 0 {
      notes.append(
        "\(report.givenUp) of \(report.mutants) one-step changes were given up: the packets by which they differ are "
          + "not told from others by a capture")
    }
    return notes
  }

  /// Writes the file around what `body` appends.
  private func write(
    _ body: (CaptureEncoder, inout [UInt8], (inout [UInt8]) throws -> Void) throws -> Void
  ) throws {
    try withOutput(path: output) { output in
      var encoder = CaptureEncoder(CaptureEncoder.Format(path: self.output))
      var bytes: [UInt8] = []
      encoder.begin(
        CaptureInterface(linkType: .ethernet, snapLength: UInt32(CaptureLimits.recordLength)),
        program: "sallyport",
        into: &bytes)
      try body(encoder, &bytes) { try output.write(&$0) }
      try output.write(&bytes)
    }
  }
}
