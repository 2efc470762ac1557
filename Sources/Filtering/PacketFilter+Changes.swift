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
    var revision = Revision(of: self)
    let applied = try revision.apply(changes)
    return (revised(by: revision), applied)
  }

  /// Changes made one after another between two packets, to be compiled once.
  public struct Revision: Sendable {
    public private(set) var network: VirtualNetwork
    private(set) var scope = ChangeScope()

    public init(of filter: PacketFilter) { network = filter.network }

    /// Makes changes that happen at one time; if one of them cannot be made, none is.
    public mutating func apply(_ changes: [NetworkChange]) throws(NetworkChangeError) -> AppliedChange {
      var network = self.network
      var applied = AppliedChange()
      for change in changes {
        let one = try network.apply(change)
        applied.scope.formUnion(one.scope)
        applied.effects += one.effects
      }
      self.network = network
      scope.formUnion(applied.scope)
      return applied
    }
  }

  /// The filter after all changes of a revision of it.
  public func revised(by revision: Revision) -> PacketFilter {
    var compiled = self.compiled.network
    compiled.follow(revision.network, revision.scope)
    return PacketFilter(compiled, like: self)
  }

  private init(_ compiled: CompiledNetwork, like other: PacketFilter) {
    self.compiled = CompiledReference(compiled)
    midstream = other.midstream
    captureInterface = other.captureInterface
  }
}
