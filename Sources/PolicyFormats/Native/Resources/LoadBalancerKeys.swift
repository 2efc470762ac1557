import NetworkTypes
import VirtualNetworks

/// Load balancers and target groups.
enum LoadBalancerKeys {
  static func zone() -> NativeObject<LoadBalancer.Zone> {
    NativeObject(
      "load_balancer_zone", "A zone of a load balancer.",
      [
        .text("zone", \.name, "The availability zone."),
        .reference("subnet", .subnet, \.subnet, "The subnet."),
        NativeKey("addresses", .oneOrMany(.address), "Its addresses there.") { node, draft, reading in
          draft.addresses = node.listOrOne.compactMap { element in
            reading.log.attempt { () throws(YAMLProblem) in try element.address() }
          }
        } write: { draft, _ in
          .oneOrMany(draft.addresses.map { .text($0.description) })
        },
      ])
  }

  static func listener() -> NativeObject<LoadBalancer.Listener> {
    NativeObject(
      "listener", "A listener of a load balancer.",
      [
        NativeKey("id", .text, "The id.") { node, draft, _ throws(YAMLProblem) in
          draft.id = ResourceID(rawValue: try node.text())
        } write: { draft, _ in
          .text(draft.id.rawValue)
        },
        NativeKey("port", .integer(0...65535), "The port.", isRequired: true) {
          node, draft, _ throws(YAMLProblem) in
          draft.port = UInt16(try node.integer(in: 0...65535))
        } write: { draft, _ in
          .number(Int(draft.port))
        },
        .text("protocol", \.listenerProtocol, "TCP, UDP, TCP_UDP, TLS, HTTP, HTTPS."),
        .references("target_groups", .targetGroup, \.targetGroups, "Where it sends what it takes."),
      ])
  }

  static func balancer(
    _ zone: NativeObject<LoadBalancer.Zone>, _ listener: NativeObject<LoadBalancer.Listener>
  ) -> NativeObject<LoadBalancer> {
    NativeObject(
      "load_balancer", "A load balancer.",
      [
        .id(), .text("name", \.balancerName, "Its name, where it is not the key."),
        .word(
          "type", \.kind, [("network", .network), ("application", .application), ("gateway", .gateway)],
          default: .network,
          other: (make: { .other($0) }, text: { if case .other(let text) = $0 { text } else { nil } }),
          "network, application or gateway."),
        .flag("internet_facing", \.isInternetFacing, "Whether it has public addresses."),
        .vpc(\.vpc), .text("state", \.state, default: "active", "active, provisioning, …"),
        .parts(
          "zones", \.zones, zone, empty: LoadBalancer.Zone(name: "", subnet: ""), "Where it stands."),
        .references("groups", .securityGroup, \.groups, "Its security groups."),
        .flag("cross_zone", \.isCrossZone, "Whether it sends to targets in other zones."),
        .parts(
          "listeners", \.listeners, listener,
          empty: LoadBalancer.Listener(id: "", port: 0, listenerProtocol: "", targetGroups: []),
          "What it listens to."),
      ] + NativeKey.attributes(\.attributes))
  }

  static func target() -> NativeObject<TargetGroup.Target> {
    NativeObject(
      "target", "A target.",
      [
        NativeKey("target", .text, "An instance or an address.", isRequired: true) {
          node, draft, reading throws(YAMLProblem) in
          let text = try node.text("an instance or an address")
          draft.id =
            reading.names.isDeclared(.instance, text) ? try reading.id(.instance, node).rawValue : text
        } write: { draft, writing in
          let key = writing.reference(.instance, ResourceID(rawValue: draft.id))
          return .text(key.hasPrefix("id/") ? draft.id : key)
        },
        .port("port", \.port, "The port."),
        .text("zone", \.zone, "The availability zone."),
        .text("health", \.health, "healthy, unhealthy, initial, unused, draining, unavailable."),
      ])
  }

  static func group(_ target: NativeObject<TargetGroup.Target>) -> NativeObject<TargetGroup> {
    NativeObject(
      "target_group", "A target group.",
      [
        .id(), .text("name", \.groupName, "Its name, where it is not the key."),
        .port("port", \.port, "The port of targets that name none."),
        .text("protocol", \.groupProtocol, "TCP, UDP, TCP_UDP, TLS, HTTP, HTTPS."),
        .word(
          "type", \.kind,
          [("instance", .instance), ("ip", .address), ("lambda", .lambda), ("alb", .loadBalancer)],
          default: .instance,
          other: (make: { .other($0) }, text: { if case .other(let text) = $0 { text } else { nil } }),
          "What its targets are: instance, ip, lambda, alb."),
        .vpc(\.vpc),
        .parts("targets", \.targets, target, empty: TargetGroup.Target(id: "", port: nil), "The targets."),
        .flag("preserve_client_ip", \.preservesClientAddress, "Whether targets see the client's address."),
      ] + NativeKey.attributes(\.attributes))
  }
}
