import Filtering
import Foundation
import PolicyFormats
import VirtualNetworks

/// The bundled network, which inputs that need one are held against.
enum Example {
  /// The project's folder: from the environment, or where this was built.
  static let project: URL = {
    let named = ProcessInfo.processInfo.environment["FUZZ_PROJECT"]
    return named.map { URL(fileURLWithPath: $0) }
      ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
  }()

  static let network: VirtualNetwork = {
    let path = project.appendingPathComponent("fixtures/networks/three-tier").path
    do { return try VirtualNetwork(contentsOf: path) } catch { fatalError("\(error)") }
  }()

  static let filter = PacketFilter(network)
}
