import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Lines of text that no fixture holds as a file.
enum TextSeeds {
  /// The rules of the bundled network as they are printed, and what else may stand in a line.
  static func rules() -> [[UInt8]] {
    let network = Example.network
    var lines: [String] = []
    for group in network.securityGroups {
      lines += group.inbound.map { $0.match.text(.ingress) } + group.outbound.map { $0.match.text(.egress) }
    }
    for list in network.networkACLs {
      lines += list.inbound.map {
        "\($0.number) \($0.action == .allow ? "allow" : "deny") \(Match($0.traffic, peer: .prefix($0.prefix)).text(.ingress))"
      }
    }
    lines += [
      "icmp 3/4 from 10.0.0.0/8", "icmpv6 128 to ::/0", "proto 47 from 2001:db8::/32", "-1 to 0.0.0.0/0",
      "6 443 from \"a name\"", "::ffff:192.0.2.1", "i-0123456789abcdef0", "instance/web-1",
      "2026-01-02T03:04:05.5Z",
    ]
    let chunks = stride(from: 0, to: lines.count, by: 6).map { lines[$0..<min($0 + 6, lines.count)] }
    return chunks.map { Array($0.joined(separator: "\n").utf8) }
  }

  static var flowLogs: [[UInt8]] {
    let interfaces = Example.network.networkInterfaces.prefix(4)
    var lines = [
      "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
    ]
    for interface in interfaces {
      guard let address = interface.ipv4Addresses.first?.address else { continue }
      let id = interface.id.rawValue
      lines += [
        "2 123456789012 \(id) 203.0.113.7 \(address) 50000 443 6 12 4096 1767225600 1767225660 ACCEPT OK",
        "2 123456789012 \(id) \(address) 203.0.113.7 443 50000 6 12 4096 1767225600 1767225660 ACCEPT OK",
        "2 123456789012 \(id) 198.51.100.9 \(address) 0 0 1 1 84 1767225600 1767225660 REJECT OK",
        "2 123456789012 \(id) - - - - - - - 1767225600 1767225660 - NODATA",
      ]
    }
    let version5 = [
      "${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${action} "
        + "${tcp-flags} ${pkt-srcaddr} ${pkt-dstaddr} ${flow-direction} ${traffic-path} ${reject-reason}",
      "\(interfaces.first?.id.rawValue ?? "-") 10.20.0.20 10.20.10.30 40000 8080 6 9223372036854775807 180 1767225600 REJECT 2 10.20.0.20 "
        + "10.20.10.30 egress 1 BPA",
    ]
    return [lines, Array(lines.dropFirst()), version5].map { Array($0.joined(separator: "\n").utf8) }
  }

  static var questions: [[UInt8]] {
    let json = """
      {"id": 1, "from": "internet", "to": "web-1", "protocol": "tcp", "port": 443}
      {"id": "b", "from": "web-1", "to": "10.20.20.40", "protocol": 6, "port": "5432", "from_port": 40000, "round_trip": false}
      {"from": "app-1", "to": "internet", "protocol": "icmp", "icmp_type": 8, "icmp_code": 0, "enters_at": "vpc/shop", "x": null}
      """
    let csv = #"""
      id,from,to,enters_at,protocol,port,from_port,icmp_type,icmp_code,round_trip,note
      1,internet,web-1,,tcp,443,,,,true,"a, ""b"""
      2,db-1,192.0.2.80,,udp,123,1024,,,,
      3,2001:db8::1,web-1,,icmpv6,,,128,0,false,
      """#
    return [json, csv].map { Array($0.utf8) }
  }

  static var alarms: [[UInt8]] {
    [
      #"""
      {"MetricAlarms": [{"AlarmName": "a", "Namespace": "Sallyport", "MetricName": "DeniedPackets", "Statistic": "Sum",
       "Dimensions": [{"Name": "Interface", "Value": "eni-1"}], "Period": 60, "EvaluationPeriods": 3, "DatapointsToAlarm": 2,
       "Threshold": 10.5, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching",
       "AlarmActions": ["arn:aws:sns:eu-west-1:1:t"]}], "CompositeAlarms": []}
      """#
    ].map { Array($0.utf8) }
  }

  static var cloudTrail: [[UInt8]] {
    let group = Example.network.securityGroups.first?.id.rawValue ?? "sg-1"
    return [
      """
      {"Records": [{"eventVersion": "1.08", "eventTime": "2026-01-02T03:04:05Z", "eventSource": "ec2.amazonaws.com",
       "eventName": "AuthorizeSecurityGroupIngress", "awsRegion": "eu-west-1", "eventID": "e-1", "requestParameters":
       {"groupId": "\(group)", "ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": 22, "toPort": 22,
       "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}]}}, "responseElements": {"_return": true}}]}
      """
    ].map { Array($0.utf8) }
  }

  /// Answers for what the bundled network does not have.
  static var answers: [[UInt8]] {
    [
      #"""
      {"TransitGateways": [{"TransitGatewayId": "tgw-1", "State": "available", "Options": {"DefaultRouteTableAssociation": "enable"}}],
       "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-1",
       "ResourceType": "vpc", "ResourceId": "vpc-1", "State": "available", "Association": {"TransitGatewayRouteTableId": "tgw-rtb-1"}}],
       "TransitGatewayVpcAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1", "VpcId": "vpc-1", "SubnetIds": ["subnet-1"]}],
       "TransitGatewayRouteTables": [{"TransitGatewayRouteTableId": "tgw-rtb-1", "TransitGatewayId": "tgw-1", "State": "available"}],
       "TransitGatewayStaticRoutes": [{"TransitGatewayRouteTableId": "tgw-rtb-1", "Routes": [{"DestinationCidrBlock": "10.0.0.0/8",
       "Type": "static", "State": "active", "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1"}]}]}],
       "VpcPeeringConnections": [], "Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}]}
      """#,
      #"""
      {"LoadBalancers": [{"LoadBalancerArn": "arn:lb/net/a/1", "LoadBalancerName": "a", "Type": "network", "Scheme": "internet-facing",
       "VpcId": "vpc-1", "State": {"Code": "active"}, "SecurityGroups": ["sg-1"], "AvailabilityZones": [{"ZoneName": "a", "SubnetId": "subnet-1"}]}],
       "LoadBalancerDescriptions": [{"LoadBalancerName": "c", "VPCId": "vpc-1", "Subnets": ["subnet-1"], "Instances": [{"InstanceId": "i-1"}],
       "ListenerDescriptions": [{"Listener": {"Protocol": "TCP", "LoadBalancerPort": 80, "InstancePort": 8080}}]}],
       "TargetGroups": [{"TargetGroupArn": "arn:tg/1", "Port": 80, "Protocol": "TCP", "VpcId": "vpc-1", "TargetType": "ip"}],
       "Listeners": [{"ListenerArn": "arn:l", "LoadBalancerArn": "arn:lb/net/a/1", "Port": 80, "Protocol": "TCP",
       "DefaultActions": [{"Type": "forward", "TargetGroupArn": "arn:tg/1"}]}],
       "LoadBalancerTargetHealth": [{"TargetGroupArn": "arn:tg/1", "TargetHealthDescriptions": [{"Target": {"Id": "10.0.0.4", "Port": 80},
       "TargetHealth": {"State": "healthy"}}]}], "TargetHealthDescriptions": [{"Target": {"Id": "i-1"}}],
       "LoadBalancerAttributes": [{"LoadBalancerArn": "arn:lb/net/a/1", "Attributes": [{"Key": "load_balancing.cross_zone.enabled", "Value": "true"}]}]}
      """#,
      #"""
      {"VpnConnections": [{"VpnConnectionId": "vpn-1", "VpnGatewayId": "vgw-1", "State": "available", "Routes": [{"DestinationCidrBlock": "10.9.0.0/16"}]}],
       "VpnGateways": [{"VpnGatewayId": "vgw-1", "State": "available", "VpcAttachments": [{"VpcId": "vpc-1", "State": "attached"}]}],
       "TransitGatewayPeeringAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-2"}], "TransitGatewayPropagations": [],
       "Associations": [], "TransitGatewayRouteTablePropagations": [], "Tags": [{"Key": "Name", "Value": "a", "ResourceId": "vpc-1",
       "ResourceType": "vpc"}], "AvailabilityZones": [{"ZoneName": "eu-west-1a", "ZoneId": "euw1-az1", "RegionName": "eu-west-1"}]}
      """#,
    ].map { Array($0.utf8) }
  }
}
