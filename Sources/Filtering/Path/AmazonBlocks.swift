import NetworkTypes
import PrefixTables

/// Amazon's larger public IPv4 blocks.
///
/// A public address of these leads to whatever interface has it; when nothing in the network has it, a packet from the
/// internet to it reaches nobody here. The list is a coarse extract of what Amazon publishes as ip-ranges.json, written
/// from memory and not complete: an address that it misses counts as a host of the internet.
enum AmazonBlocks {
  private static let blocks: [Prefix<IPv4Address>] = [
    "3.0.0.0/8", "13.48.0.0/13", "13.56.0.0/14", "13.112.0.0/14", "13.124.0.0/14", "13.208.0.0/12",
    "13.228.0.0/14",
    "13.232.0.0/13", "15.152.0.0/13", "15.160.0.0/14", "15.188.0.0/14", "15.206.0.0/15", "16.16.0.0/12",
    "18.116.0.0/14", "18.130.0.0/15", "18.132.0.0/14", "18.136.0.0/13", "18.144.0.0/12", "18.162.0.0/15",
    "18.176.0.0/12", "18.192.0.0/10", "23.20.0.0/14", "34.192.0.0/10", "35.72.0.0/13", "35.80.0.0/12",
    "35.152.0.0/13", "35.160.0.0/13", "35.168.0.0/13", "35.176.0.0/13", "44.192.0.0/10", "46.51.128.0/17",
    "46.137.0.0/16", "50.16.0.0/14", "50.112.0.0/16", "52.0.0.0/10", "52.64.0.0/12", "52.192.0.0/11",
    "54.64.0.0/11",
    "54.144.0.0/12", "54.160.0.0/11", "54.192.0.0/10", "63.32.0.0/14", "67.202.0.0/18", "72.44.32.0/19",
    "75.101.128.0/17", "79.125.0.0/17", "99.79.0.0/16", "99.80.0.0/15", "100.20.0.0/14", "107.20.0.0/14",
    "174.129.0.0/16", "175.41.128.0/17", "176.34.0.0/16", "184.72.0.0/15", "184.169.128.0/17",
    "204.236.128.0/17",
  ].map { Prefix<IPv4Address>($0)! }
  private static let table = PrefixTable<IPv4Address, Bool>(blocks.map { ($0, true) })

  /// The borders that ``contains(_:)`` notices.
  static func addCuts(to cuts: inout AddressCuts) { cuts.add(blocks.map(IPPrefix.v4)) }

  static func contains(_ address: IPAddress) -> Bool {
    guard case .v4(let address) = address else { return false }
    return table.lookup(address) ?? false
  }
}
