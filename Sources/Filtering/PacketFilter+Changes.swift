import VirtualNetworks

extension PacketFilter {
  /// The network that the filter judges by.
  public var network: VirtualNetwork { compiled.network.model }

  /// The filter after a change of its network, and what the change did; throws if the change cannot be made.
  ///
  /// Only what the change touches is compiled again: the policies that hold or refer to a changed group, one ACL, one
  /// route table. Numbers of rules, interfaces and resources stay valid, so a tracker goes on with the new filter:
  ///
  /// ```swift
  /// (filter, _) = try filter.applying(.instance("i-0123", .stop))
  /// tracker.rulesChanged()
  /// ```
  public func applying(_ change: NetworkChange) throws(NetworkChangeError) -> (PacketFilter, AppliedChange) {
    try applying([change])
  }

  /// The same for several changes that happen at one time; if one of them cannot be made, none is.
  public func applying(_ changes: [NetworkChange]) throws(NetworkChangeError) -> (PacketFilter, AppliedChange)
  {
    var network = self.network
    var applied = AppliedChange()
    for change in changes {
      let one = try network.apply(change)
      applied.scope.formUnion(one.scope)
      applied.effects += one.effects
    }
    var compiled = self.compiled.network
    compiled.follow(network, applied.scope)
    return (PacketFilter(compiled, like: self), applied)
  }

  private init(_ compiled: CompiledNetwork, like other: PacketFilter) {
    self.compiled = CompiledReference(compiled)
    midstream = other.midstream
    captureInterface = other.captureInterface
  }
}
