/// A field of VPC Flow Logs; raw values are AWS's names (semantics section 7.2).
public enum FlowLogField: String, Sendable, Hashable, CaseIterable {
  case version
  case accountID = "account-id"
  case interfaceID = "interface-id"
  case source = "srcaddr"
  case destination = "dstaddr"
  case sourcePort = "srcport"
  case destinationPort = "dstport"
  case ipProtocol = "protocol"
  case packets, bytes, start, end, action
  case logStatus = "log-status"
  case vpcID = "vpc-id"
  case subnetID = "subnet-id"
  case instanceID = "instance-id"
  case tcpFlags = "tcp-flags"
  case type
  case packetSource = "pkt-srcaddr"
  case packetDestination = "pkt-dstaddr"
  case region
  case zoneID = "az-id"
  case sublocationType = "sublocation-type"
  case sublocationID = "sublocation-id"
  case packetSourceService = "pkt-src-aws-service"
  case packetDestinationService = "pkt-dst-aws-service"
  case direction = "flow-direction"
  case trafficPath = "traffic-path"
  case ecsClusterARN = "ecs-cluster-arn"
  case ecsClusterName = "ecs-cluster-name"
  case ecsContainerInstanceARN = "ecs-container-instance-arn"
  case ecsContainerInstanceID = "ecs-container-instance-id"
  case ecsContainerID = "ecs-container-id"
  case ecsSecondContainerID = "ecs-second-container-id"
  case ecsServiceName = "ecs-service-name"
  case ecsTaskDefinitionARN = "ecs-task-definition-arn"
  case ecsTaskARN = "ecs-task-arn"
  case ecsTaskID = "ecs-task-id"
  case rejectReason = "reject-reason"
  case resourceID = "resource-id"
  case encryptionStatus = "encryption-status"
  case instanceTag = "instance-tag"
  case instanceTag2 = "instance-tag-2"
  case interfaceTag = "interface-tag"
  case interfaceTag2 = "interface-tag-2"
  case asgTag = "asg-tag"
  case asgTag2 = "asg-tag-2"
  case interfaceType = "interface-type"
  case nextInterfaceType = "next-hop-interface-type"
  case nextInterfaceID = "next-hop-interface-id"
  case nextSubnetID = "next-hop-subnet-id"
  case nextZoneID = "next-hop-az-id"
  case nextVPCID = "next-hop-vpc-id"
  /// A field that is not known: what a log that is read has there is passed over.
  case unknown = ""

  fileprivate static let named = Dictionary(
    uniqueKeysWithValues: allCases.filter { $0 != .unknown }.map { ($0.rawValue, $0) })

  /// The version of the records that the field came with.
  public var version: Int {
    switch self {
    case .version, .accountID, .interfaceID, .source, .destination, .sourcePort, .destinationPort,
      .ipProtocol,
      .packets, .bytes, .start, .end, .action, .logStatus, .unknown:
      2
    case .vpcID, .subnetID, .instanceID, .tcpFlags, .type, .packetSource, .packetDestination: 3
    case .region, .zoneID, .sublocationType, .sublocationID: 4
    case .packetSourceService, .packetDestinationService, .direction, .trafficPath: 5
    case .ecsClusterARN, .ecsClusterName, .ecsContainerInstanceARN, .ecsContainerInstanceID, .ecsContainerID,
      .ecsSecondContainerID, .ecsServiceName, .ecsTaskDefinitionARN, .ecsTaskARN, .ecsTaskID:
      7
    case .rejectReason: 8
    case .resourceID: 9
    case .encryptionStatus: 10
    case .instanceTag, .instanceTag2, .interfaceTag, .interfaceTag2, .asgTag, .asgTag2, .interfaceType,
      .nextInterfaceType, .nextInterfaceID, .nextSubnetID, .nextZoneID, .nextVPCID:
      11
    }
  }
}

/// Which fields a flow log's lines have, in order.
public struct FlowLogFormat: Sendable, Hashable {
  public let fields: [FlowLogField]

  /// Version 2, in its fixed order (semantics FL-3).
  public static let standard = FlowLogFormat([
    .version, .accountID, .interfaceID, .source, .destination, .sourcePort, .destinationPort, .ipProtocol,
    .packets, .bytes, .start, .end, .action, .logStatus,
  ])

  public init(_ fields: [FlowLogField]) { self.fields = fields }

  /// A word that names no field.
  public struct UnknownField: Error, Hashable, Sendable {
    public var word: String
  }

  /// Parses a format as AWS writes it, `${version} ${srcaddr}`, or the names alone, as header lines have them.
  ///
  /// Fails with the first word that names no field; without words there is no format.
  public static func parse(_ text: String) -> Result<FlowLogFormat, UnknownField> {
    var fields: [FlowLogField] = []
    for word in text.split(whereSeparator: {
      $0 == " " || $0 == "\t" || $0 == "," || $0 == "\r" || $0 == "\n"
    }) {
      let name = word.hasPrefix("${") && word.hasSuffix("}") ? word.dropFirst(2).dropLast() : word
      guard let field = FlowLogField(rawValue: String(name)) else {
        return .failure(UnknownField(word: String(word)))
      }
      fields.append(field)
    }
    return fields.isEmpty ? .failure(UnknownField(word: text)) : .success(FlowLogFormat(fields))
  }

  /// Reads the line that names a log's fields, with those names that are not known; nil for a line that does not.
  public static func header(_ line: String) -> (format: FlowLogFormat, unknown: [String])? {
    let words = line.utf8.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }.map { String(Substring($0)) }
    var (fields, unknown): ([FlowLogField], [String]) = ([], [])
    for word in words {
      fields.append(FlowLogField.named[word] ?? .unknown)
      if fields.last == .unknown { unknown.append(word) }
      // Records end here, halfway.
      if unknown.count * 2 >= words.count { return nil }
    }
    if words.isEmpty { return nil }
    return (FlowLogFormat(fields), unknown)
  }

  /// Reads a line that names fields anew, as stands between the records of logs that were put together; nil for any other.
  public static func headerWithin(_ line: String) -> (format: FlowLogFormat, unknown: [String])? {
    // Nothing is split for lines that begin with a number, as records do nearly always.
    guard let initial = line.utf8.first, !(0x30...0x39).contains(initial),
      let header = header(line), header.format.fields.count > 1
    else { return nil }
    return header
  }

  /// What a record must tell to be judged and these fields do not.
  public var missing: [FlowLogField] {
    let needed: [[FlowLogField]] = [
      [.source, .packetSource], [.destination, .packetDestination], [.ipProtocol], [.action],
    ]
    return needed.filter { $0.allSatisfy { !fields.contains($0) } }.map { $0[0] }
  }

  /// The highest version among the fields, which is that of the records (semantics FL-2).
  public var version: Int { fields.map(\.version).max() ?? 2 }
}
