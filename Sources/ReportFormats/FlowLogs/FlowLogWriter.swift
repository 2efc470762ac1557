import Filtering
import NetworkTypes
import TrafficAudit
import VirtualNetworks

/// Writes flow log records as AWS does: a header line, then one line a record, `-` where a field does not apply.
public struct FlowLogWriter: Sendable {
  public let format: FlowLogFormat
  private let places: [Place]
  private let services: [(prefix: IPPrefix, name: String)]

  /// What a record says of an interface whatever passes it.
  private struct Place: Sendable {
    var account: String
    var id: String
    var vpc: String
    var subnet: String
    var instance: String
    var region: String
    var zone: String
    var kind: String
    var v4: IPv4Address?
    var v6: [IPv6Address]
  }

  public init(_ format: FlowLogFormat = .standard, _ network: VirtualNetwork) {
    self.format = format
    let subnets = Dictionary(network.subnets.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let vpcs = Dictionary(network.vpcs.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    places = network.networkInterfaces.map { interface in
      let subnet = subnets[interface.subnet]
      let vpc = vpcs[interface.vpc]
      let zone = subnet?.zone.map { Self.region(of: $0) }
      return Place(
        account: interface.attributes.account ?? subnet?.attributes.account ?? vpc?.attributes.account
          ?? "unknown",
        id: interface.id.rawValue, vpc: Self.text(interface.vpc.rawValue),
        subnet: Self.text(interface.subnet.rawValue),
        instance: interface.isRequesterManaged ? "-" : interface.instance?.rawValue ?? "-",
        region: interface.attributes.region ?? vpc?.attributes.region ?? zone ?? "-",
        zone: subnet?.zoneID ?? "-",
        kind: Self.name(of: interface.kind), v4: interface.ipv4Addresses.first?.address,
        v6: interface.ipv6Addresses)
    }
    services = network.prefixLists.flatMap { list -> [(prefix: IPPrefix, name: String)] in
      let name =
        list.listName.hasPrefix("com.amazonaws.")
        ? ["s3": "S3", "dynamodb": "DYNAMODB"][list.listName.split(separator: ".").last ?? ""] : nil
      return name.map { name in list.entries.map { (prefix: $0, name: name) } } ?? []
    }
  }

  /// The region of a zone: `eu-west-1` of `eu-west-1a`, `us-west-2` of `us-west-2-lax-1a`.
  private static func region(of zone: String) -> String {
    guard let digit = zone.firstIndex(where: \.isNumber) else { return zone }
    return String(zone[...digit])
  }

  private static func text(_ text: String) -> String { text.isEmpty ? "-" : text }

  private static func name(of kind: NetworkInterface.Kind) -> String {
    switch kind {
    case .natGateway: "nat_gateway"
    case .networkLoadBalancer: "network_load_balancer"
    case .transitGateway: "transit_gateway"
    case .interfaceEndpoint, .gatewayLoadBalancerEndpoint: "vpc_endpoint"
    default: "-"
    }
  }

  /// Appends the header line.
  public func begin(_ buffer: inout TextBuffer) {
    buffer.append(format.fields.map(\.rawValue).joined(separator: " ") + "\n")
  }

  public func append(_ record: FlowLogRecord, to buffer: inout TextBuffer) {
    for (index, field) in format.fields.enumerated() {
      if index > 0 { buffer.append(" " as Unicode.Scalar) }
      append(field, of: record, to: &buffer)
    }
    buffer.append("\n" as Unicode.Scalar)
  }

  private func append(_ field: FlowLogField, of record: FlowLogRecord, to buffer: inout TextBuffer) {
    let passage = record.passage
    let header = passage.header
    let place = places[Int(passage.interface.rawValue)]
    let next = passage.next.map { places[Int($0.rawValue)] }
    let hasPorts = header.ipProtocol.hasPorts && header.hasTransport
    switch field {
    case .version: buffer.append(decimal: format.version)
    case .accountID: buffer.append(place.account)
    case .interfaceID: buffer.append(place.id)
    case .source:
      buffer.append(passage.direction == .egress ? own(header.source, place) : header.source)
    case .destination:
      buffer.append(passage.direction == .ingress ? own(header.destination, place) : header.destination)
    case .sourcePort: buffer.append(decimal: hasPorts ? header.sourcePort : 0)
    case .destinationPort: buffer.append(decimal: hasPorts ? header.service.port : 0)
    case .ipProtocol: buffer.append(decimal: header.ipProtocol.rawValue)
    case .packets: buffer.append(decimal: record.packets)
    case .bytes: buffer.append(decimal: record.bytes)
    case .start: buffer.append(decimal: Self.second(record.first))
    case .end: buffer.append(decimal: Self.second(record.last))
    case .action: buffer.append(record.isAccepted ? "ACCEPT" : "REJECT")
    case .logStatus: buffer.append("OK")
    case .vpcID: buffer.append(place.vpc)
    case .subnetID: buffer.append(place.subnet)
    case .instanceID: buffer.append(place.instance)
    case .tcpFlags: buffer.append(decimal: record.tcpFlags)
    case .type: buffer.append(header.family == .v4 ? "IPv4" : "IPv6")
    case .packetSource: buffer.append(header.source)
    case .packetDestination: buffer.append(header.destination)
    case .region: buffer.append(place.region)
    case .zoneID: buffer.append(place.zone)
    case .packetSourceService: buffer.append(service(of: header.source))
    case .packetDestinationService: buffer.append(service(of: header.destination))
    case .direction: buffer.append(passage.direction.description)
    case .trafficPath:
      buffer.append(passage.direction == .egress ? passage.trafficPath.map(String.init) ?? "-" : "-")
    case .interfaceType: buffer.append(place.kind)
    case .nextInterfaceType: buffer.append(next?.kind ?? "-")
    case .nextInterfaceID: buffer.append(next?.id ?? "-")
    case .nextSubnetID: buffer.append(next?.subnet ?? "-")
    case .nextZoneID: buffer.append(next?.zone ?? "-")
    case .nextVPCID: buffer.append(next?.vpc ?? "-")
    case .sublocationType, .sublocationID, .ecsClusterARN, .ecsClusterName, .ecsContainerInstanceARN,
      .ecsContainerInstanceID, .ecsContainerID, .ecsSecondContainerID, .ecsServiceName, .ecsTaskDefinitionARN,
      .ecsTaskARN, .ecsTaskID, .rejectReason, .resourceID, .encryptionStatus, .instanceTag, .instanceTag2,
      .interfaceTag, .interfaceTag2, .asgTag, .asgTag2, .unknown:
      buffer.append("-")
    }
  }

  /// The interface's own side is logged with its primary private address (semantics FL-12); IPv6 has no primary one.
  private func own(_ address: IPAddress, _ place: Place) -> IPAddress {
    switch address {
    case .v4: return place.v4.map { .v4($0) } ?? address
    case .v6(let v6): return place.v6.contains(v6) ? address : place.v6.first.map { .v6($0) } ?? address
    }
  }

  private func service(of address: IPAddress) -> String {
    services.first { $0.prefix.contains(address) }?.name ?? "-"
  }

  /// Seconds since 1970, rounded down.
  private static func second(_ time: CaptureTime) -> Int64 {
    let (quotient, remainder) = time.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
