import CaptureFiles
import Foundation
import PolicyFormats
import TestSupport
import TrafficSynthesis
import VirtualNetworks

/// Captures made up for random networks: conversations that fit, and the edges of the rules.
struct MadeTraffic {
  private let folder: TemporaryFolder
  let path: String

  init(seed: UInt64) throws {
    let network = RandomNetwork(Choices(random: SeededRandom(seed: seed))).network
    let encoder = CaptureEncoder(.pcapng)
    var bytes: [UInt8] = []
    try Self.write(network, seed: seed, encoder, &bytes)
    folder = try TemporaryFolder()
    path = try folder.write(Data(bytes), "made.pcapng")
  }

  private static func write(
    _ network: VirtualNetwork, seed: UInt64, _ encoder: CaptureEncoder, _ bytes: inout [UInt8]
  ) throws {
    var encoder = encoder
    encoder.begin(CaptureInterface(linkType: .ethernet, snapLength: 0), into: &bytes)
    if seed % 2 == 0 {
      var edges = BoundaryTraffic(network)
      edges.write(to: &bytes, encoder) { _ in }
    } else {
      var mix = TrafficMix()
      (mix.seed, mix.packets, mix.ipv6, mix.fragments, mix.malformed) = (seed, 3000, 40, 10, 5)
      let network = try VirtualNetwork(contentsOf: Environment.fixture("networks/three-tier"))
      var traffic = TrafficSynthesizer(mix, network)
      while traffic.write(to: &bytes, encoder) {}
    }
  }
}
