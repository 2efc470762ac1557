import VirtualNetworks

extension PacketFilter {
  /// Where an interface stands: the zone of its subnet and the Region of the nearest thing that tells one.
  public func place(of interface: InterfaceIndex) -> ResourcePlace {
    let model = compiled.network.model
    let state = compiled.network.interfaces[interface.int]
    var place = state.subnet.map { model.place(of: model.subnets[$0]) } ?? ResourcePlace()
    let own = model.networkInterfaces[interface.int].attributes
    place.region = place.region ?? own.region ?? state.vpc.flatMap { model.vpcs[$0].attributes.region }
    place.account = place.account ?? own.account
    return place
  }
}
