import CaptureFiles
import Filtering
import Foundation
import NetworkTypes
import PolicyFormats
import TestSupport
import Testing
import TrafficSynthesis
import VirtualNetworks

/// Made-up traffic is what was asked for, and fits the network that it was made for.
@Suite struct SynthesisTests {
  static func network() throws -> VirtualNetwork {
    try VirtualNetwork(contentsOf: Environment.fixture("networks/three-tier"))
  }

  static var everything: TrafficMix {
    var mix = TrafficMix()
    mix.packets = 20_000
    mix.ipv6 = 30
    mix.denied = 15
    mix.midstream = 20
    mix.fragments = 6
    mix.malformed = 4
    return mix
  }

  @Test func sameSeedSameBytesOnEveryMachine() throws {
    var mix = Self.everything
    mix.packets = 500
    let capture = try MadeCapture(mix)
    #expect(capture.checksum == 10_378_430_471_558_605_527)
    #expect(try MadeCapture(mix).bytes == capture.bytes)
    mix.seed = 2
    #expect(try MadeCapture(mix).bytes != capture.bytes)
  }

  @Test(arguments: CaptureEncoder.Format.allCases) func packetsComeInOrderOfTime(
    format: CaptureEncoder.Format
  ) throws {
    let packets = try MadeCapture(Self.everything, format: format).packets().packets
    #expect(packets.count == 20_000)
    #expect(zip(packets, packets.dropFirst()).allSatisfy { $0.time <= $1.time })
  }

  @Test func sharesAreThoseAskedFor() throws {
    for network in [try Self.network(), .forSynthesis] {
      let capture = try MadeCapture(Self.everything, network)
      let packets = try capture.packets().packets
      let verdicts = try capture.verdicts(in: network)
      let percent = { (count: Int) in Double(count) / 200 }
      #expect(abs(percent(verdicts.count { $0 == .undecoded }) - 4) < 0.1)
      #expect(abs(percent(verdicts.count { $0 == .deny }) - 15) < 0.5)
      #expect(verdicts.allSatisfy { $0 == .undecoded || $0 == .deny || $0 == .allow })
      let whole = packets.filter { $0.stop == nil }
      #expect(abs(percent(whole.count { $0.isFragment }) - 6) < 0.5)
      #expect(abs(percent(whole.count { $0.addresses.family == .v6 }) - 30 * 0.96) < 1)
      #expect(abs(percent(whole.count { $0.ipProtocol == .tcp }) - 70 * 0.96) < 1)
      #expect(abs(percent(whole.count { $0.ipProtocol == .udp }) - 25 * 0.96) < 1)
    }
  }

  /// What was not met is said as a reader of the capture would count it; what was met is not spoken of.
  @Test(arguments: [0, 10, 20, 50, 100]) func sharesThatAreNotMetAreSaid(percent: Int) throws {
    for denied in [0, 10] {
      var mix = TrafficMix()
      mix.packets = 5000
      mix.denied = denied
      mix.fragments = percent
      mix.midstream = percent
      var bytes: [UInt8] = []
      var traffic = TrafficSynthesizer(mix, .forSynthesis)
      while traffic.write(to: &bytes, CaptureEncoder(.pcap)) {}
      let packets = try MadeCapture(mix).packets().packets
      #expect(packets.count == 5000)
      let fragments = packets.count { $0.isFragment }
      let text = traffic.missedShares.first { $0.contains("fragments") }
      #expect((text != nil) == (fragments < 50 * percent - 50), "\(fragments) of 5000")
      if let text {
        #expect(text.hasPrefix("\(fragments * 100 / 5000) % of the packets are fragments, not \(percent) %"))
      }
      // Flows without a handshake have no SYN.
      var flows: [Set<String>: (packets: Int, hasSYN: Bool)] = [:]
      for packet in packets where packet.ipProtocol == .tcp {
        let ends: Set = [
          "\(packet.addresses.source) \(packet.sourcePort)",
          "\(packet.addresses.destination) \(packet.destinationPort)",
        ]
        flows[ends, default: (0, false)].packets += 1
        if packet.tcpFlags.contains(.syn) { flows[ends]?.hasSYN = true }
      }
      let all = flows.values.reduce(0) { $0 + $1.packets }
      let without = flows.values.reduce(0) { $0 + ($1.hasSYN ? 0 : $1.packets) }
      let said = traffic.missedShares.first { $0.contains("handshake") }
      if percent == 100 { #expect((said != nil) == (denied > 0)) }
      if percent == 0 { #expect(said == nil) }
      if let said { #expect(said.hasPrefix("\(without * 100 / all) % of the TCP packets"), "\(said)") }
    }
    var mix = TrafficMix()
    mix.protocols = ProtocolShares(tcp: 0, udp: 1, icmp: 0)
    mix.midstream = percent
    #expect(TrafficSynthesizer(mix, .forSynthesis).missedShares.count == (percent > 0 ? 1 : 0))
  }

  @Test func flowsAreCounted() throws {
    for flows in [1, 7, 400] {
      var mix = TrafficMix()
      mix.packets = 4000
      mix.flows = flows
      let network = try Self.network()
      let batch = try MadeCapture(mix, network).packets()
      let filter = PacketFilter(network)
      var tracker = ConnectionTracker()
      #expect(batch.packets.count == 4000)
      let begun = batch.packets.count { filter.evaluate($0, tracking: &tracker).beginsFlow }
      #expect(begun == flows)
    }
  }

  @Test func connectionsBeginAndEnd() throws {
    var mix = TrafficMix()
    mix.packets = 5000
    mix.denied = 0
    mix.protocols = ProtocolShares(tcp: 1, udp: 0, icmp: 0)
    let packets = try MadeCapture(mix).packets().packets
    var connections: [Set<String>: [PacketSummary]] = [:]
    for packet in packets {
      let ends: Set = [
        "\(packet.addresses.source) \(packet.sourcePort)",
        "\(packet.addresses.destination) \(packet.destinationPort)",
      ]
      connections[ends, default: []].append(packet)
    }
    #expect(connections.count > 100)
    for connection in connections.values where connection.count >= 6 {
      #expect(connection.prefix(3).map(\.tcpFlags) == [.syn, [.syn, .ack], .ack])
      #expect(connection.suffix(3).map(\.tcpFlags) == [[.fin, .ack], [.fin, .ack], .ack])
    }
  }

  @Test func framesHaveTheLengthAskedFor() throws {
    var mix = TrafficMix()
    mix.sizes = try #require(FrameSizes("64"))
    mix.ipv6 = 0
    let packets = try MadeCapture(mix).packets().packets
    #expect(packets.allSatisfy { $0.wireLength == 64 || $0.wireLength == 60 })
    for text in ["", "13", "9019", "64=0", "64=", "a", "64,,65", "imix,64"] {
      #expect(FrameSizes(text) == nil)
    }
    for text in ["", "tcp", "tcp=", "tcp=-1", "tcp=0", "sctp=1", "tcp=1,"] {
      #expect(ProtocolShares(text) == nil)
    }
  }

  /// Wireshark's own sums over every header that is whole, of a capture without broken packets.
  @Test(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/tshark"), "tshark is not installed"))
  func checksumsAreRight() throws {
    var mix = Self.everything
    mix.packets = 3000
    mix.malformed = 0
    for format in CaptureEncoder.Format.allCases {
      let capture = try MadeCapture(mix, try Self.network(), format: format)
      let line =
        "tshark -r \(capture.path) -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE "
      // 1 is good, and 2 is not looked at: later fragments, and first ones until they are put together.
      let fields =
        ["ip.checksum.status", "tcp.checksum.status", "udp.checksum.status"]
        + ["icmp.checksum.status", "icmpv6.checksum.status"]
      let run = try CommandRun(
        shell: line + "-T fields " + fields.map { "-e \($0)" }.joined(separator: " ") + " 2>/dev/null")
      let rows = run.output.split(separator: "\n", omittingEmptySubsequences: false).map {
        $0.split(separator: "\t", omittingEmptySubsequences: false)
      }
      #expect(rows.count - 1 == 3000)
      for (column, field) in fields.enumerated() {
        let states = rows.compactMap { $0.count > column && !$0[column].isEmpty ? $0[column] : nil }
        #expect(states.allSatisfy { $0 == "1" || $0 == "2" }, "\(field)")
        #expect(states.contains("1"), "\(field): no packet shows it")
      }
    }
  }
}
