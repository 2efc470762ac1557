import NetworkTypes
import RuleMatching
import VirtualNetworks

extension PacketFilter {
  /// One sentence that says why packets had an outcome, for the packet with this header.
  ///
  /// For a denial it names the nearest rule and the field in which it missed. Not for the hot path.
  public func explain(_ outcome: PathOutcome, for header: PacketHeader) -> String {
    switch outcome.packetClass {
    case .allow: return "every stage admits it"
    case .exempt: return "traffic of the platform's own services is never filtered"
    case .unplaced: return "neither \(header.source) nor \(header.destination) belongs to the network"
    case .undecoded: return outcome.stop.map { "\($0.layer): \($0)" } ?? "not decoded"
    case .unknown: return outcome.decisiveStep.map { explain(unknown: $0) } ?? "the way is not known"
    case .deny: return outcome.decisiveStep.map { explain(denial: $0, header) } ?? "denied"
    }
  }

  /// One sentence that says what an unknown answer hangs on.
  public func explain(unknown step: PathStep) -> String {
    let place = step.interface.map { label(id(of: $0)) } ?? "the interface"
    let resource = step.resource.map { label(id(of: $0)) } ?? "a gateway"
    let rule = step.rule.map { rules[$0] }
    return switch step.missing {
    case .ambiguousAddress: "several interfaces have the address (\(place) is one): name one with --interface"
    case .interfaceOfAddress: "the other address is inside a VPC, but no interface of the input has it"
    case .securityGroup: "the security groups of \(place) are not in the input"
    case .groupMembers:
      "the members of the group in \(rule.map(ruleLabel) ?? "a rule") are not in the input"
    case .prefixListEntries:
      "the entries of the prefix list in \(rule.map(ruleLabel) ?? "a rule") are not in the input"
    case .networkACL: "the network ACL of \(resource) is not in the input"
    case .routeTable: "the route table of \(resource) is not in the input"
    case .subnet: "the subnet or VPC of \(place) is not in the input"
    case .peerVPC: "the VPC behind \(resource) is not in the input"
    case .network:
      "what lies behind \(step.resource == nil ? "the VPC's gateways" : resource) is not in the input"
    case .forwardingInstance: "\(place) forwards the packet, or does not: that is up to its instance"
    case .firstFragment: "a fragment without ports, and the fragment that has them was not seen"
    case .translatedPort:
      "the answer goes to a port that the NAT gateway chose from 1024-65535, and the rules let some of them through"
    case .loadBalancer:
      "the listeners and targets of \(step.resource == nil ? place : resource) are not in the input"
    case .choiceOfTarget: "it depends on which of its targets \(resource) chooses"
    case .transitRoutes: "the routes of \(resource) are not in the input"
    case .unmodelled, nil: "Sallyport does not follow packets through \(resource)"
    }
  }

  // MARK: Denials

  func explain(denial step: PathStep, _ header: PacketHeader) -> String {
    switch step.element {
    case .securityGroup: explainGroups(step, header)
    case .networkACL: explainACL(step, header)
    case .connection where step.stage == .placement: explainStray(step, header)
    case .connection where step.stage == .gateway:
      "\(step.resource.map { label(id(of: $0)) } ?? "the gateway") has forgotten the connection: it was idle for"
        + " more than 350 s"
    case .connection: "the segment came after its connection was closed (the rules are not asked)"
    case .route: explainRoute(step, header)
    default: explainOther(step, header)
    }
  }

  private func explainGroups(_ step: PathStep, _ header: PacketHeader) -> String {
    guard let interface = step.interface,
      let position = compiled.network.interfaces[interface.int].policy(step.direction)
    else { return "the security groups do not allow it" }
    let carried = compiled.network.model.networkInterfaces[interface.int].groups
    let groups = carried.map(label).joined(separator: ", ")
    let side = step.direction == .ingress ? "inbound" : "outbound"
    let policy = compiled.network.policies[position]
    if policy.indices.isEmpty { return "\(groups) \(carried.count > 1 ? "have" : "has") no \(side) rules" }
    let text = "no \(side) rule of \(groups) allows \(Self.text(header, step.direction))"
    let remote = header.remote(step.direction)
    if step.code == .groupReferencesNotPreserved {
      return text
        + "; a group reference would, but does not hold for a packet that was translated or forwarded"
    }
    let resolved = compiled.resolvedRules(ofPolicy: position)
    guard let miss = RuleMiss.nearest(to: remote, service: header.service, in: resolved) else { return text }
    return text + "; nearest: \(ruleLabel(rules[policy.indices[miss.rule]])), which misses in "
      + Self.text(miss.fields, step.direction)
  }

  private func explainACL(_ step: PathStep, _ header: PacketHeader) -> String {
    let owner = step.resource.map { label(id(of: $0)) } ?? "the network ACL"
    if let rule = step.rule, rules[rule].id != "*" {
      return "entry \(rules[rule].id) of \(owner): \(rules[rule].text)"
    }
    let side = step.direction == .ingress ? "inbound" : "outbound"
    if step.hasTranslatedPort {
      return
        "no \(side) entry of \(owner) allows \(header.ipProtocol) 1024-65535 from \(header.source): the answer goes to one of"
        + " these ports, which the NAT gateway chose"
    }
    let text = "no \(side) entry of \(owner) allows \(Self.text(header, step.direction))"
    guard let resource = step.resource,
      let acl = compiled.network.acls.enumerated().first(where: {
        $0.element.resource == resource && ($0.offset % 2 == 0) == (step.direction == .ingress)
      })?.element
    else { return text }
    let remote = header.remote(step.direction)
    guard
      let miss = RuleMiss.nearest(
        to: remote, service: header.service, in: acl.resolved, where: { acl.allows[$0] })
    else { return text }
    let entry = rules[acl.indices[miss.rule]]
    return text + "; nearest: \(entry.id) \(entry.text), which misses in "
      + Self.text(miss.fields, step.direction)
  }

  private func explainRoute(_ step: PathStep, _ header: PacketHeader) -> String {
    let table = step.resource.map { label(id(of: $0)) } ?? "the route table"
    switch step.code {
    case .noRoute: return "\(table) has no route to \(header.destination)"
    case .badStateRoute:
      return "the route \(step.rule.map { rules[$0].text } ?? "") of \(table) leads nowhere"
        + (step.rule.flatMap(idleTarget).map { ": \($0)" } ?? "")
    default:
      if header.destination.isMulticast { return "a VPC carries no multicast or broadcast" }
      return header.destination.isLocalOnly
        ? "packets to \(header.destination) never leave a host or its link"
        : "no interface has \(header.destination)"
    }
  }

  private func explainOther(_ step: PathStep, _ header: PacketHeader) -> String {
    let place = step.interface.map { label(id(of: $0)) } ?? "the interface"
    let resource = step.resource.map { label(id(of: $0)) } ?? "the gateway"
    switch step.code {
    case .sourceDestinationCheck:
      let address = step.direction == .egress ? header.source : header.destination
      return "\(address) is not an address of \(place), and its source/destination check is on"
    case .unassociatedComponent:
      return step.element == .networkInterface
        ? "\(place) is not attached" : "the VPC has no attached internet gateway"
    case .badState:
      return step.element == .networkInterface
        ? step.interface.flatMap(idleInstance) ?? "the instance of \(place) is not running"
        : "\(resource) is not available"
    case .gatewayEgressNeedsPublicAddress:
      return "\(header.source) has no public address to leave by \(resource) with"
    case .gatewayIngressNeedsPublicAddress:
      return explainUnreachable(header.destination)
    case .gatewayEgressToRFC1918: return "\(resource) drops packets to private addresses (RFC 1918)"
    case .gatewayEgressToRFC6598: return "\(resource) drops packets to shared addresses (RFC 6598)"
    case .noPossibleDestination: return "no host of the internet has \(header.destination)"
    case .spoofedSource where header.source.isForeignToInternet:
      return "no host of the internet has \(header.source)"
    case .spoofedSource:
      return "\(header.source) is an address of the VPC itself and cannot come from the internet"
    case .gatewayIngressFromRFC1918: return "\(resource) drops packets from private addresses (RFC 1918)"
    case .gatewayIngressFromRFC6598: return "\(resource) drops packets from shared addresses (RFC 6598)"
    case .gatewayDestinationInVPC:
      return "\(header.destination) is inside the VPC, and \(resource) does not turn packets round"
    case .natDestinationPreserved:
      return "\(place) is a NAT gateway and takes nothing that it did not ask for"
    case .natSourceReassigned:
      return "the reply leaves by \(resource), which gives it another source: it is lost"
    case .natSourceOutsideVPC: return "\(resource) serves sources of its own VPC only"
    case .protocolRestriction:
      return header.service == ServiceKey(.tcp, port: 25)
        ? "mail (tcp 25) to the internet is blocked by default, whatever the rules"
        : "\(resource) does not carry \(Self.trafficText(header))" + (header.isFragment ? " fragments" : "")
    case .peeringAddressOutsideVPC:
      return "\(header.destination) is outside the VPC behind \(resource): peering gives no transit"
    case .endpointProtocol: return "\(resource) takes TCP and ICMP echo only"
    case .interfaceAddress:
      return step.interface == nil
        ? "the two ends have no addresses of one family" : "\(place) has no address of the other end's family"
    case .noPath: return explainStray(step, header)
    case .listenersMismatch: return "\(resource) has no listener for \(Self.trafficText(header))"
    case .listenerHasNoTargets: return "the listener of \(resource) forwards to no target group"
    case .noTargetsInZone: return "\(resource) has no target that its interface here may send to"
    case .sourceAddressPreservation:
      return "\(resource) keeps the client's address, so a target that calls itself through it gets no answer"
    case .transitZone:
      return "\(resource) has no subnet in the sender's zone"
    case .transitNoAssociation: return "\(resource) is associated with no route table"
    case .transitNoRoute: return "\(resource) has no route to \(header.destination)"
    case .transitBadStateRoute: return "the route of \(resource) to \(header.destination) leads nowhere"
    case .badStateAttachment: return "\(resource) is not available"
    case .noRoute: return "\(resource) has no route to \(header.destination)"
    case .unknownDestination: return "nothing in the network has \(header.destination)"
    default: return step.code?.rawValue ?? "denied"
    }
  }

  /// Why nothing from the internet comes to an address, and what address would do.
  private func explainUnreachable(_ address: IPAddress) -> String {
    guard case .v4(let v4) = address else {
      return "\(address) cannot be reached from the internet: its routes let nothing begin there"
    }
    let own = compiled.network.addresses.owners(of: address).first { !$0.isPublic }?.interface
    let publicAddress = own.flatMap { interface in
      compiled.network.model.networkInterfaces[interface.int].ipv4Addresses.first { $0.address == v4 }?
        .publicAddress
    }
    if let publicAddress {
      return
        "\(address) is a private address and not reachable from the internet; its public one is \(publicAddress)"
    }
    return "\(address) cannot be reached from the internet: no interface has it as a public address"
  }

  /// A reply that nothing stops and that is lost all the same.
  private func explainStray(_ step: PathStep, _ header: PacketHeader) -> String {
    switch step.element {
    case .connection:
      "the reply comes from \(header.source), which is not the address that was asked: it is dropped"
    case .internet: "the way back is another: the reply leaves for the internet and not for whoever asked"
    default:
      "the way back is another: the reply comes to \(step.interface.map { label(id(of: $0)) } ?? "another host")"
        + " and not to whoever asked"
    }
  }

  // MARK: Words

  /// `tcp 8080 from sg-0123 (web) [sg-0456/sgr-0789]`
  private func ruleLabel(_ entry: RuleCatalogue.Entry) -> String {
    let peer = entry.peer.flatMap { name(of: $0) }.map { " (\($0))" } ?? ""
    return "\(entry.text)\(peer) [\(entry.owner)/\(entry.id)]"
  }

  /// `tcp 5432 from 203.0.113.7`
  private static func text(_ header: PacketHeader, _ direction: Direction) -> String {
    direction == .ingress
      ? "\(trafficText(header)) from \(header.source)" : "\(trafficText(header)) to \(header.destination)"
  }

  /// What a packet is, whoever sends it: `tcp 5432`, `icmp 8/0`, `protocol 47`.
  public func traffic(of header: PacketHeader) -> String { Self.trafficText(header) }

  /// `tcp 5432`, `icmp 8/0`, `protocol 47`.
  static func trafficText(_ header: PacketHeader) -> String {
    let ipProtocol = header.ipProtocol
    guard header.hasTransport else { return "\(ipProtocol)" }
    if ipProtocol.hasPorts { return "\(ipProtocol) \(header.service.port)" }
    if ipProtocol.hasICMPKind {
      return "\(ipProtocol) \(header.service.port >> 8)/\(header.service.port & 255)"
    }
    return "protocol \(ipProtocol)"
  }

  private static func text(_ fields: [RuleMiss.Field], _ direction: Direction) -> String {
    let words = fields.map { field in
      switch field {
      case .ipProtocol: "protocol"
      case .port: "port"
      case .icmpKind: "ICMP type or code"
      case .remoteAddress: direction == .ingress ? "source address" : "destination address"
      }
    }
    return words.joined(separator: " and ")
  }
}
