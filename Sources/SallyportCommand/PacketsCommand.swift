import ArgumentParser
import CaptureFiles
import NetworkTypes
import ReportFormats
import WireFormat

extension PacketListing.Format: ExpressibleByArgument {}

/// `sallyport packets`: lists the decoded headers of captures.
struct PacketsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "packets",
    abstract: "List the decoded headers of captures, one line a packet.",
    discussion: """
      Shows the outermost IP header and the transport header after it, as rules see \
      them. Frames count from 1 over all captures, after the filter. Exits with 2 if \
      a capture cannot be read to its end; what was read is listed all the same.

      tsv has these columns, empty where they do not apply; json has the same names, \
      and the time, one object a line:
        frame, src_ip, dst_ip
        protocol             tcp, udp, icmp, icmpv6 or the IANA number
        src_port, dst_port   of TCP, UDP, SCTP, DCCP and UDP-Lite
        icmp_type, icmp_code
        fragment_offset      in bytes; empty for IPv6 without a fragment header
        more_fragments       0 or 1
        tcp_flags            SYN S, FIN F, RST R, PSH P, ACK A, URG U, ECE E, CWR W
        length               in bytes, on the wire
        status               ok, or in which header decoding stopped, and why

      EXAMPLES
        sallyport packets capture.pcap
        sallyport packets --filter 'tcp port 443' -c 10 capture.pcapng
        tcpdump -w - | sallyport packets --format json -
      """)

  @Argument(
    help: ArgumentHelp("A pcap or pcapng file, gzip or not; - for standard input.", valueName: "capture"),
    completion: .file())
  var captures: [String]

  @Option(help: "How to write packets: text, tsv or json.")
  var format: PacketListing.Format = .text

  @OptionGroup var destination: ReportOptions

  @Option(help: ArgumentHelp("A BPF filter in tcpdump's syntax, applied first.", valueName: "expr"))
  var filter: String?

  @Option(
    name: [.customShort("c"), .long], help: ArgumentHelp("Stop after this many packets.", valueName: "n"))
  var count: Int?

  @Flag(name: .shortAndLong, help: "Say nothing but errors on standard error.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Say on standard error how many packets there were.")
  var verbose = false

  func validate() throws {
    if let count, count < 1 { throw ValidationError("--count \(count): expected 1 at least") }
    try OutputCheck(inputs: captures.map { ("the capture", $0) }).check([
      OutputCheck.Place("-o", destination.output)
    ])
  }

  func run() throws {
    var failed = false
    try withOutput(path: destination.output) { output in
      var listing = Listing(packets: PacketListing(format: format), left: count ?? .max)
      try output.write { listing.packets.begin(&$0) }
      for path in captures where listing.left > 0 {
        do {
          try listing.list(path, filter: filter, to: output)
        } catch let error as CaptureError {
          StandardError.report(error)
          if case .filter = error { throw ExitCode.validationFailure }
          failed = true
        }
      }
      if verbose && !quiet { StandardError.report(listing.sum) }
      // Nothing was read: a file of this name stays as it is.
      if failed && !listing.hasCaptures { throw ExitCode.invalidInput }
    }
    if failed { throw ExitCode.invalidInput }
  }

  /// A listing in progress over several captures.
  private struct Listing {
    var packets: PacketListing
    /// Packets that may still be listed.
    var left: Int
    /// Whether any capture was one.
    private(set) var hasCaptures = false
    private var batch = PacketBatch()
    private var count = 0
    private var undecoded = 0

    var sum: String {
      "\(count) packet\(count == 1 ? "" : "s")" + (undecoded == 0 ? "" : ", \(undecoded) of them not decoded")
    }

    init(packets: PacketListing, left: Int) {
      self.packets = packets
      self.left = left
    }

    mutating func list(_ path: String, filter: String?, to output: Output) throws {
      var reader = try CaptureReader(path: path, filter: filter)
      hasCaptures = true
      let decoder = PacketDecoder()
      while left > 0 {
        let limit = min(left, 256)
        guard try reader.advance(limit: limit) else { return }
        batch.removeAll()
        decoder.decode(reader.bytes, reader.records, into: &batch)
        left -= batch.packets.count
        count += batch.packets.count
        undecoded += batch.packets.count { $0.stop != nil }
        // A short batch is all that a live source has for now: show it.
        try output.write(flushing: reader.records.count < limit) { packets.append(batch, to: &$0) }
      }
    }
  }
}
