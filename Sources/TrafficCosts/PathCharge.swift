import VirtualNetworks

/// One thing that a path is charged for: what, at which gateway, and from where to where.
public struct PathCharge: Sendable, Hashable {
  public var charge: Charge
  /// The gateway, connection or endpoint that the bytes pass.
  public var resource: ResourceID?
  /// Where they come from, and where they go; nil for what is not of the network.
  public var from: ResourcePlace?
  public var to: ResourcePlace?
  /// The Region whose prices hold: that of the receiver for what is charged on the way in.
  public var region: String?
  /// The Region at the other end, for what goes between two.
  public var otherRegion: String?

  init(
    _ charge: Charge, _ resource: ResourceID? = nil, from: ResourcePlace? = nil, to: ResourcePlace? = nil,
    atReceiver: Bool = false
  ) {
    self.charge = charge
    self.resource = resource
    self.from = from
    self.to = to
    let ends = atReceiver ? (to, from) : (from ?? to, from == nil ? nil : to)
    region = ends.0?.region
    otherRegion = charge.hasPriceByRegion ? ends.1?.region : nil
  }
}

/// What one outcome's packets are charged for.
struct ChargedPath {
  var charges: [PathCharge] = []
  /// Interfaces of NAT gateways and load balancers that the path leads through.
  var gateways: Set<ResourceID> = []
  /// The gateway at which the path begins or ends, where the packets were seen behind its translation only.
  var seenBehind: SeenBehind?

  struct SeenBehind {
    var interface: ResourceID
    var charge: PathCharge
  }
}
