import VirtualNetworks

/// What a search for boundaries found, and what it left out.
public struct BoundaryReport: Sendable, Hashable {
  /// Mutants of one group's or ACL's rules that were not searched for, since the limit was reached.
  public struct Cut: Sendable, Hashable {
    public var owner: ResourceID
    public var mutants: Int
    /// Of how many.
    public var total: Int
  }

  /// Rules that no packet can be brought to, since no interface carries their group or is in their ACL's subnets.
  public var rulesWithoutCarrier = 0
  /// Blocks of rules with many of them, as of prefix lists, that got no edges since the limit was reached.
  public var blocksWithoutEdges = 0
  /// Groups' rules that have the id of another of the same group and direction: only the last of those is searched.
  public var rulesWithOthersID = 0
  /// Rules that differ by one step from one of the network's.
  public var mutants = 0
  /// Those that some packet of the capture tells from the original.
  public var shown = 0
  /// Those that judge every packet as the original does, as far as is searched.
  public var alike = 0
  /// Those given up since none of 64 packets that they judge otherwise is told from others by its addresses.
  public var givenUp = 0
  /// Of which groups and ACLs there are more, in the network's order.
  public var cuts: [Cut] = []
}
