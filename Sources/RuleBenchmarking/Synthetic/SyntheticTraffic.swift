import NetworkTypes
import VirtualNetworks
import WireFormat

/// Frames in one block of memory, as a reader would lend them.
public struct BenchmarkFrames: Sendable {
  public private(set) var bytes: [UInt8] = []
  public private(set) var records: [PacketRecord] = []

  public init() {}

  /// Copies a frame to the end.
  public mutating func append(
    _ frame: Span<UInt8>, wireLength: UInt32, time: CaptureTime, linkType: LinkType
  ) {
    let offset = bytes.count
    for index in frame.indices { bytes.append(frame[index]) }
    records.append(
      PacketRecord(
        offset: offset, capturedLength: UInt32(bytes.count - offset), wireLength: wireLength, time: time,
        linkType: linkType))
  }
}

/// Packets between the interfaces of a network: TCP flows of 60-byte frames, packets of all flows in turn.
public struct SyntheticTraffic {
  private var random: SplitMix
  private let addresses: [IPv4Address]

  public init(_ network: VirtualNetwork, seed: UInt64) {
    random = SplitMix(seed: seed)
    addresses = network.networkInterfaces.flatMap { $0.ipv4Addresses.map(\.address) }
  }

  /// `packets` frames of `flows` flows, each beginning with a SYN and its answer. Every fourth flow has one end outside.
  public mutating func frames(flows: Int, packets: Int) -> BenchmarkFrames {
    var frames = BenchmarkFrames()
    guard !addresses.isEmpty, flows > 0 else { return frames }
    let firsts = (0..<flows).map { flow in firstPacket(of: flow) }
    let builder = PacketBuilder()
    for index in 0..<packets {
      let flow = index % flows
      let round = index / flows
      var packet = firsts[flow]
      packet.time = CaptureTime(nanoseconds: 1_767_225_600_000_000_000 + Int64(index) * 1_000)
      packet.tcpFlags = round == 0 ? [.syn] : round == 1 ? [.syn, .ack] : [.ack]
      if !round.isMultiple(of: 2) {
        packet.addresses = packet.addresses.reversed
        swap(&packet.sourcePort, &packet.destinationPort)
      }
      var frame = builder.frame(for: packet)
      // The shortest frame of Ethernet, without its checksum.
      while frame.count < 60 { frame.append(0) }
      frames.append(frame.span, wireLength: 60, time: packet.time, linkType: .ethernet)
    }
    return frames
  }

  private mutating func firstPacket(of flow: Int) -> PacketSummary {
    let destination = random.pick(addresses)
    let isOutside = flow.isMultiple(of: 4)
    let source =
      isOutside
      ? IPv4Address(rawValue: 0xac10_0000 | UInt32.random(in: 0...0xf_ffff, using: &random))
      : random.pick(addresses)
    return PacketSummary(
      addresses: .v4(source: source, destination: destination), time: CaptureTime(nanoseconds: 0),
      wireLength: 60,
      fields: [.addresses, .transport, .tcpFlags, .fragmentOffset], ipProtocol: .tcp,
      sourcePort: UInt16(truncatingIfNeeded: 1_024 + flow % 64_000),
      destinationPort: random.pick(SyntheticRules.ports))
  }
}
