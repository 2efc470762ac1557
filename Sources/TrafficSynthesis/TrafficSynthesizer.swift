import CaptureFiles
import Filtering
import NetworkTypes
import VirtualNetworks
import WireFormat

/// Makes up traffic: flows with handshakes, data, replies and closes, in order of time.
///
/// ```swift
/// var traffic = TrafficSynthesizer(mix, network)
/// while traffic.write(to: &bytes, encoder) { … }
/// ```
///
/// Integers and one generator of random numbers only, so the same mix gives the same bytes everywhere. Allocates nothing
/// per packet: frames are built where they stand in the caller's buffer.
public struct TrafficSynthesizer: Sendable {
  /// Ports that clients use; identifiers of pings likewise. Every usual ACL for replies lets them pass.
  static let clientPorts: ClosedRange<UInt16> = 49_152...60_999
  /// Flows that are under way at once.
  private static let concurrency = 64

  private let mix: TrafficMix
  private var random: SynthesisRandom
  private var plan: FlowPlan
  private var active: [FlowProgress] = []
  private var time = TrafficMix.start
  private var fragments: Shares
  private var malformed: Shares
  private var identification: UInt32 = 0
  /// Packets that were written whole or in pieces, and fragments among them.
  private var written = 0
  private var writtenFragments = 0
  /// Packets still to be made.
  public private(set) var packetsLeft: Int
  /// What was asked for and cannot be had in this network.
  public let shortfalls: [String]

  /// Asks the network which conversations there are; costs some milliseconds.
  ///
  /// Makes no packets, and says so in ``shortfalls``, where the network has no two ends that could talk.
  public init(_ mix: TrafficMix, _ network: VirtualNetwork) {
    let filter = PacketFilter(network)
    var finder = ConversationFinder(network, filter, seed: mix.seed)
    self.init(mix, finder.find())
  }

  init(_ mix: TrafficMix, _ pool: ConversationPool) {
    self.mix = mix
    random = SynthesisRandom(seed: mix.seed &+ 1)
    let broken = mix.packets * mix.malformed / 100
    plan = FlowPlan(mix, pool, packets: mix.packets - broken)
    packetsLeft = pool.isEmpty ? 0 : mix.packets
    fragments = Shares([100 - mix.fragments, mix.fragments])
    malformed = Shares([mix.packets - broken, broken])
    shortfalls = Self.shortfalls(mix, pool)
    while active.count < Self.concurrency, let flow = plan.next() {
      active.append(FlowProgress(flow, &random))
    }
  }

  private static func shortfalls(_ mix: TrafficMix, _ pool: ConversationPool) -> [String] {
    if pool.isEmpty { return ["the network has no two ends between which its rules allow or deny anything"] }
    var texts: [String] = []
    if mix.ipv6 > 0 && !pool.has(.v6) {
      texts.append("no conversation over IPv6 was found: all packets are IPv4")
    }
    if mix.ipv6 < 100 && !pool.has(.v4) {
      texts.append("no conversation over IPv4 was found: all packets are IPv6")
    }
    if mix.denied > 0 && !pool.has(denied: true) {
      texts.append("no conversation that the network denies was found")
    }
    if mix.denied < 100 && !pool.has(denied: false) {
      texts.append("no conversation that the network allows was found: all packets are of denied ones")
    }
    return texts
  }

  /// Shares of fragments and of flows without a beginning that were asked for and not met by what was made so far, with what
  /// was met in their place.
  ///
  /// A few packets are no shortfall: flows are not cut short to meet a share.
  public var missedShares: [String] {
    var texts: [String] = []
    if Self.isMissed(mix.fragments, writtenFragments, of: written, slack: 3) {
      texts.append(
        "\(Self.percent(writtenFragments, of: written)) of the \(mix.malformed > 0 ? "whole packets" : "packets") are fragments, not \(mix.fragments) %: "
          + (mix.protocols.udp == 0
            ? "only data of TCP and pings is cut, where a flow has packets left for the pieces"
            : "only UDP is cut, and never the last packet of a flow"))
    }
    if mix.midstream > 0 && plan.tcpPackets == 0 {
      texts.append("no packet is TCP's: no flow begins before the capture")
    } else if Self.isMissed(
      mix.midstream, plan.midstreamPackets, of: plan.tcpPackets, slack: mix.midstream == 100 ? 0 : 40)
    {
      texts.append(
        "\(Self.percent(plan.midstreamPackets, of: plan.tcpPackets)) of the TCP packets belong to flows without a handshake, "
          + "not \(mix.midstream) %: flows that the network denies begin with their SYN")
    }
    return texts
  }

  /// Whether more than a hundredth of what was asked for is missing, and more than `slack` packets.
  private static func isMissed(_ asked: Int, _ met: Int, of total: Int, slack: Int) -> Bool {
    let missing = Double(total) * Double(asked) / 100 - Double(met)
    return missing > Double(slack) && missing > Double(total) / 100
  }

  /// Rounded down, so that what is not all is never called 100 %.
  private static func percent(_ met: Int, of total: Int) -> String {
    "\(total == 0 ? 0 : Int(Double(met) * 100 / Double(total))) %"
  }

  /// Appends the record of the next packet, or of the next fragments of one; false when all are made.
  public mutating func write(to bytes: inout [UInt8], _ encoder: CaptureEncoder) -> Bool {
    guard packetsLeft > 0 else { return false }
    time.nanoseconds += Int64(random.number(1...39)) * 1000
    if active.isEmpty || malformed.choose() == 1 {
      malformed.count(1)
      packetsLeft -= 1
      writeMalformed(to: &bytes, encoder)
      return true
    }
    let slot = random.below(active.count)
    let written = writeNext(of: slot, to: &bytes, encoder)
    malformed.count(0, written)
    packetsLeft -= written
    self.written += written
    if active[slot].left == 0 {
      if let flow = plan.next() {
        active[slot] = FlowProgress(flow, &random)
      } else {
        active.swapAt(slot, active.count - 1)
        active.removeLast()
      }
    }
    return true
  }

  private mutating func writeNext(of slot: Int, to bytes: inout [UInt8], _ encoder: CaptureEncoder) -> Int {
    let size = mix.sizes.draw(&random)
    guard var (packet, content) = active[slot].next(size: size, at: time) else { return 1 }
    identification &+= 1
    packet.fragmentIdentification = identification & 0xffff
    content.minimumLength = min(size, 60)
    // Data is fragmented, of UDP where there is any: NAT gateways drop fragments of the others (semantics AD-18).
    let mayBeCut = packet.ipProtocol == .udp || mix.protocols.udp == 0 && content.payloadLength > 0
    if mayBeCut && mix.fragments > 0 && fragments.debt(of: 1) >= 0 && active[slot].left >= 1 {
      let count = min(2 + random.below(2), active[slot].left + 1)
      active[slot].left -= count - 1
      fragments.count(1, count)
      writtenFragments += count
      writeFragments(packet, content, count, size, to: &bytes, encoder)
      return count
    }
    fragments.count(0)
    encoder.append(time: time, into: &bytes) { FrameEncoder.append(packet, content, to: &$0) }
    return 1
  }

  /// One datagram in `count` pieces of about `size` bytes.
  private mutating func writeFragments(
    _ packet: PacketSummary, _ content: FrameContent, _ count: Int, _ size: Int, to bytes: inout [UInt8],
    _ encoder: CaptureEncoder
  ) {
    var packet = packet
    packet.fields.insert(.fragment)
    packet.fields.insert(.moreFragments)
    let header = FrameEncoder.headerLength(of: packet)
    var later = packet
    later.fragmentOffset = 8
    let network = FrameEncoder.headerLength(of: later)
    let transport = header - network
    // Whole multiples of eight bytes but for the last, and room for the transport header in the first.
    let share = max((min(size, 1514) - network) & ~7, (transport + 7) & ~7, 8)
    let last = 8 + random.below(share)
    var content = content
    content.datagramLength = share * (count - 1) + last
    for index in 0..<count {
      packet.fragmentOffset = UInt16(share * index)
      if index == count - 1 { packet.fields.remove(.moreFragments) }
      content.payloadLength = index == count - 1 ? last : index == 0 ? share - transport : share
      encoder.append(time: time, into: &bytes) { FrameEncoder.append(packet, content, to: &$0) }
      time.nanoseconds += 1000
    }
  }

  private mutating func writeMalformed(to bytes: inout [UInt8], _ encoder: CaptureEncoder) {
    let conversation = active.isEmpty ? nil : active[random.below(active.count)].flow.conversation
    let defect = MalformedFrame.allCases[random.below(MalformedFrame.allCases.count)]
    let wire = UInt32(60 + random.below(900))
    encoder.append(time: time, wireLength: defect.isCut ? wire : nil, into: &bytes) {
      defect.append(like: conversation, to: &$0)
    }
  }
}
