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

  /// Builds a packet's frame, no shorter than Ethernet's shortest without its checksum.
  mutating func append(_ packet: PacketSummary) {
    let offset = bytes.count
    FrameEncoder.append(packet, FrameContent(minimumLength: 60), to: &bytes)
    let length = UInt32(bytes.count - offset)
    records.append(
      PacketRecord(
        offset: offset, capturedLength: length, wireLength: length, time: packet.time, linkType: .ethernet))
  }

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    records.removeAll(keepingCapacity: true)
  }
}

/// Packets between the interfaces of a network: TCP flows of 60-byte frames, packets of all flows in turn, each flow
/// beginning with a SYN and its answer. Every fourth flow has one end outside; of the others each interface hears from
/// sixteen neighbours in the list, as services hear from their clients.
public struct SyntheticTraffic: Sendable {
  private let seed: UInt64
  private let addresses: [IPv4Address]

  private static let peers = 16

  public init(_ network: VirtualNetwork, seed: UInt64) {
    self.seed = seed
    addresses = network.networkInterfaces.flatMap { $0.ipv4Addresses.map(\.address) }
  }

  /// The first `packets` frames of `flows` flows.
  public func frames(flows: Int, packets: Int) -> BenchmarkFrames {
    var frames = BenchmarkFrames()
    append(0..<packets, flows: flows, to: &frames)
    return frames
  }

  /// Appends the frames at some places of the stream of `flows` flows; nothing is kept of those before.
  public func append(_ places: Range<Int>, flows: Int, to frames: inout BenchmarkFrames) {
    guard !addresses.isEmpty, flows > 0 else { return }
    for place in places {
      let round = place / flows
      var packet = firstPacket(of: place % flows)
      packet.time = CaptureTime(nanoseconds: 1_767_225_600_000_000_000 + Int64(place) * 1_000)
      packet.tcpFlags = round == 0 ? [.syn] : round == 1 ? [.syn, .ack] : [.ack]
      if !round.isMultiple(of: 2) {
        packet.addresses = packet.addresses.reversed
        swap(&packet.sourcePort, &packet.destinationPort)
      }
      frames.append(packet)
    }
  }

  private func firstPacket(of flow: Int) -> PacketSummary {
    var random = SplitMix(seed: seed ^ UInt64(flow) << 20)
    let place = random.number(0...(addresses.count - 1))
    let destination = addresses[place]
    let isOutside = flow.isMultiple(of: 4)
    let source =
      isOutside
      ? IPv4Address(rawValue: 0xac10_0000 | UInt32.random(in: 0...0xf_ffff, using: &random))
      : addresses[(place + random.number(1...Self.peers)) % addresses.count]
    return PacketSummary(
      addresses: .v4(source: source, destination: destination), time: CaptureTime(nanoseconds: 0),
      wireLength: 60,
      fields: [.addresses, .transport, .tcpFlags, .fragmentOffset], ipProtocol: .tcp,
      sourcePort: UInt16(truncatingIfNeeded: 1_024 + flow % 64_000),
      destinationPort: random.pick(SyntheticRules.ports))
  }
}
