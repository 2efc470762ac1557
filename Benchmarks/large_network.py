#!/usr/bin/env python3
"""Writes a large network as `aws ec2 describe-*` would print it.

large_network.py FOLDER [INTERFACES] [GROUPS] [RULES] [ROUTES] [ENTRIES]

By default 100,000 interfaces with one of 10,000 groups of 60 rules each: 10,000 distinct policies a direction. ROUTES and
ENTRIES add so many routes to each route table and so many entries to each network ACL's directions (default none).
"""
import json
import os
import random
import sys

folder = sys.argv[1]
interfaces, groups, rules, routes, entries = (
    int(x) for x in (sys.argv[2:7] + ["100000", "10000", "60", "0", "0"][len(sys.argv) - 2:]))
source = random.Random(4)
PORTS = [22, 25, 53, 80, 123, 389, 443, 636, 993, 1433, 2049, 3306, 3389, 5432, 6379, 8080, 8443, 9092, 9200, 27017]
os.makedirs(folder, exist_ok=True)
vpcs = (interfaces + 39_999) // 40_000


def write(name, key, items):
    with open(f"{folder}/{name}.json", "w") as file:
        file.write('{"%s": [\n' % key)
        for index, item in enumerate(items):
            file.write(("," if index else "") + json.dumps(item, indent=4) + "\n")
        file.write("]}\n")


def block():
    kind = source.random()
    if kind < 0.06:
        return "0.0.0.0/0"
    if kind < 0.5:
        return f"10.{source.randrange(64)}.{source.randrange(256)}.0/24"
    if kind < 0.65:
        return f"10.{source.randrange(64)}.0.0/16"
    return f"{source.randrange(13, 200)}.{source.randrange(256)}.{source.randrange(256)}.{source.randrange(256)}/32"


def permission():
    port = source.choice(PORTS)
    return {"IpProtocol": source.choice(["tcp"] * 8 + ["udp"]), "FromPort": port, "ToPort": port,
            "IpRanges": [{"CidrIp": block(), "Description": "generated"}], "Ipv6Ranges": [], "PrefixListIds": [],
            "UserIdGroupPairs": []}


def everything():
    return {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [], "PrefixListIds": [],
            "UserIdGroupPairs": []}


def more_routes(vpc):
    """A route to the internet and others beside it."""
    if routes == 0:
        return []
    blocks = ["0.0.0.0/0"] + [f"172.{16 + r // 16}.{r % 16 * 16}.0/20" for r in range(routes - 1)]
    return [{"DestinationCidrBlock": b, "GatewayId": f"igw-{vpc:08x}", "State": "active"} for b in blocks]


def acl(egress):
    """Denials of single ports and small blocks, every third, before everything is allowed."""
    result = []
    for number in range(entries):
        entry = {"RuleNumber": 100 + 10 * number, "Egress": egress, "Protocol": "6",
                 "RuleAction": "allow" if number % 3 else "deny"}
        port = 2000 + number if number % 3 == 0 else source.choice(PORTS)
        result.append(entry | {"CidrBlock": block() if number % 3 else "0.0.0.0/0", "PortRange": {"From": port, "To": port}})
    return result + [{"CidrBlock": "0.0.0.0/0", "Protocol": "-1", "RuleAction": "allow", "RuleNumber": 32766,
                      "Egress": egress}]


write("internet-gateways", "InternetGateways", (
    {"InternetGatewayId": f"igw-{v:08x}", "Attachments": [{"VpcId": f"vpc-{v:08x}", "State": "available"}]}
    for v in range(vpcs) if routes > 0))
write("vpcs", "Vpcs", ({"VpcId": f"vpc-{v:08x}", "CidrBlock": f"10.{v}.0.0/16", "OwnerId": "123456789012",
                        "CidrBlockAssociationSet": [{"CidrBlock": f"10.{v}.0.0/16",
                                                     "CidrBlockState": {"State": "associated"}}]} for v in range(vpcs)))
write("subnets", "Subnets", ({"SubnetId": f"subnet-{v:04x}{s:04x}", "VpcId": f"vpc-{v:08x}",
                              "CidrBlock": f"10.{v}.{16 * s}.0/20", "OwnerId": "123456789012"}
                             for v in range(vpcs) for s in range(16)))
write("route-tables", "RouteTables", ({"RouteTableId": f"rtb-{v:08x}", "VpcId": f"vpc-{v:08x}",
                                       "Associations": [{"Main": True}],
                                       "Routes": [{"DestinationCidrBlock": f"10.{v}.0.0/16", "GatewayId": "local",
                                                   "State": "active"}] + more_routes(v)} for v in range(vpcs)))
write("network-acls", "NetworkAcls", ({"NetworkAclId": f"acl-{v:08x}", "VpcId": f"vpc-{v:08x}", "IsDefault": True,
                                       "Associations": [], "Entries": [
                                           entry for egress in (False, True) for entry in acl(egress)]}
                                      for v in range(vpcs)))
write("security-groups", "SecurityGroups", (
    {"GroupId": f"sg-{g:017x}", "GroupName": f"group-{g}", "Description": "generated", "OwnerId": "123456789012",
     "VpcId": f"vpc-{g % vpcs:08x}", "IpPermissions": [permission() for _ in range(rules)],
     "IpPermissionsEgress": [everything()]} for g in range(groups)))


def interface(number):
    vpc, host = number % vpcs, number // vpcs
    subnet = host % 16
    place = subnet << 12 | 4 + host // 16
    address = f"10.{vpc}.{place >> 8}.{place & 255}"
    group = vpc + vpcs * (host % ((groups - vpc + vpcs - 1) // vpcs))
    return {"NetworkInterfaceId": f"eni-{number:017x}", "VpcId": f"vpc-{vpc:08x}",
            "SubnetId": f"subnet-{vpc:04x}{subnet:04x}", "InterfaceType": "interface", "Status": "in-use",
            "SourceDestCheck": True, "OwnerId": "123456789012", "RequesterManaged": False, "Description": "",
            "Groups": [{"GroupId": f"sg-{group:017x}", "GroupName": f"group-{group}"}], "PrivateIpAddress": address,
            "PrivateIpAddresses": [{"PrivateIpAddress": address, "Primary": True}], "Ipv6Addresses": [], "TagSet": [],
            "Attachment": {"AttachmentId": f"eni-attach-{number:017x}", "DeviceIndex": 0, "Status": "attached",
                           "InstanceId": f"i-{number:017x}"}}


write("network-interfaces", "NetworkInterfaces", (interface(number) for number in range(interfaces)))
