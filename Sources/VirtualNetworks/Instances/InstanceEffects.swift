/// What becomes of the things that an instance has, when something is asked of it (semantics LC-3).
public struct InstanceEffects: Sendable, Hashable {
  public enum Fate: String, Sendable, Hashable {
    case kept
    /// Given back; for a public address after a stop, another one comes with the next start.
    case released
    /// Taken off the instance, and kept by its owner.
    case disassociated
    case lost
    case deleted
    /// Kept or deleted as its own delete-on-termination flag says.
    case asFlagged
    /// Written to the root volume.
    case saved
  }

  /// Primary and secondary private addresses, IPv6 ones too.
  public var privateAddresses: Fate
  /// The public address that Amazon gave by itself.
  public var automaticPublicAddress: Fate
  public var elasticAddresses: Fate
  public var interfaces: Fate
  /// What lies on disks of the host.
  public var instanceStore: Fate
  public var rootVolume: Fate
  public var dataVolumes: Fate
  public var memory: Fate
  /// Whether the instance comes up on another host, usually.
  public var changesHost: Bool

  public init(of action: InstanceAction) {
    let keeps = action != .terminate
    let stays = action == .reboot || action == .start
    privateAddresses = keeps ? .kept : .released
    automaticPublicAddress = stays ? .kept : .released
    elasticAddresses = keeps ? .kept : .disassociated
    interfaces = keeps ? .kept : .asFlagged
    instanceStore = stays ? .kept : .lost
    rootVolume = keeps ? .kept : .asFlagged
    dataVolumes = keeps ? .kept : .asFlagged
    memory = action == .hibernate ? .saved : action == .start ? .kept : .lost
    changesHost = action == .stop || action == .hibernate
  }
}
