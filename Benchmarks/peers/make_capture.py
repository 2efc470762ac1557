#!/usr/bin/env python3
"""Writes what captures/run measures: a capture, a network with 60 rules, and the same rules as filters.

make_capture.py FOLDER [PACKETS]

One interface, 10.0.0.10, with one group of 60 inbound rules; flows come to it from everywhere. large.pcap holds PACKETS
packets of 10,000 flows (default two million), small.pcap its first hundred thousand, syn.pcap the first packet of each
flow: what the group lets in of these, a stateless filter passes.
"""
import ipaddress
import json
import random
import struct
import sys

folder, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2_000_000
source = random.Random(60)
HERE = "10.0.0.10"
PORTS = [22, 25, 53, 80, 123, 389, 443, 636, 993, 1433, 2049, 3306, 3389, 5432, 6379, 8080, 8443, 9092, 9200, 27017]


def block():
    kind = source.random()
    if kind < 0.1:
        return "0.0.0.0/0"
    if kind < 0.6:
        return str(ipaddress.ip_network((0x34000000 | source.getrandbits(22) & ~0xFF, 24)))
    if kind < 0.8:
        return str(ipaddress.ip_network((source.getrandbits(32) & ~0xFFF, 20)))
    return str(ipaddress.ip_network((source.getrandbits(32), 32)))


rules = []
while len(rules) < 60:
    rule = (source.choice(["tcp"] * 7 + ["udp"]), source.choice(PORTS), block())
    if rule not in rules:
        rules.append(rule)


def checksum(header):
    total = sum(struct.unpack("!10H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


def frame(proto, source_ip, source_port, port, flags):
    body = (struct.pack("!HHIIBBHHH", source_port, port, 1, 0, 0x50, flags, 65535, 0, 0) if proto == "tcp"
            else struct.pack("!HHHH", source_port, port, 8, 0))
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0, 64, 6 if proto == "tcp" else 17, 0,
                         source_ip.to_bytes(4, "big"), ipaddress.ip_address(HERE).packed)
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    return (bytes([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0]) + header + body).ljust(60, b"\0")


flows = []
for number in range(10_000):
    proto, port, peer = source.choice(rules)
    network = ipaddress.ip_network(peer)
    address = int(network.network_address) + source.randrange(network.num_addresses)
    if source.random() < 0.4:
        address, port = source.getrandbits(32), source.choice(PORTS)
    # What comes from the internet has an address of the internet.
    while not ipaddress.ip_address(address).is_global or ipaddress.ip_address(address).is_multicast:
        address = source.getrandbits(32)
    flows.append((proto, address, 1024 + number, port))

first = [frame(*flow, 2) for flow in flows]
rest = [frame(*flow, 16) for flow in flows]
magic = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
with open(f"{folder}/large.pcap", "wb") as large, open(f"{folder}/small.pcap", "wb") as small:
    large.write(magic)
    small.write(magic)
    for index in range(count):
        data = (first if index < len(flows) else rest)[index % len(flows)]
        record = struct.pack("<IIII", 1767225600 + index // 1_000_000, index % 1_000_000, 60, 60) + data
        large.write(record)
        if index < 100_000:
            small.write(record)
with open(f"{folder}/syn.pcap", "wb") as syn:
    syn.write(magic + b"".join(struct.pack("<IIII", 1767225600, i, 60, 60) + data for i, data in enumerate(first)))
open(f"{folder}/packets", "w").write(str(count))

bpf = " or ".join(f"({p} dst port {port}" + ("" if peer == "0.0.0.0/0" else f" and src net {peer}") + ")"
                  for p, port, peer in rules)
open(f"{folder}/filter", "w").write(f"dst host {HERE} and ({bpf})")
shown = " or ".join(f"({p}.dstport == {port}" + ("" if peer == "0.0.0.0/0" else f" and ip.src == {peer}") + ")"
                    for p, port, peer in rules)
open(f"{folder}/display", "w").write(f"ip.dst == {HERE} and ({shown})")


def permission(proto, port, peer):
    return {"IpProtocol": proto, "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": peer}], "Ipv6Ranges": [],
            "PrefixListIds": [], "UserIdGroupPairs": []}


allow = {"CidrBlock": "0.0.0.0/0", "Protocol": "-1", "RuleAction": "allow", "RuleNumber": 100}
json.dump({
    "Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "CidrBlockAssociationSet": [
        {"CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "associated"}}]}],
    "Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24"}],
    "InternetGateways": [{"InternetGatewayId": "igw-1", "Attachments": [{"VpcId": "vpc-1", "State": "available"}]}],
    "RouteTables": [{"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Associations": [{"Main": True}], "Routes": [
        {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"},
        {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}]}],
    "NetworkAcls": [{"NetworkAclId": "acl-1", "VpcId": "vpc-1", "IsDefault": True, "Associations": [], "Entries": [
        dict(allow, Egress=False), dict(allow, Egress=True)]}],
    "SecurityGroups": [{"GroupId": "sg-1", "GroupName": "sixty", "VpcId": "vpc-1", "Description": "",
                        "IpPermissions": [permission(*rule) for rule in rules],
                        "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}],
    "NetworkInterfaces": [{
        "NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "SubnetId": "subnet-1", "InterfaceType": "interface",
        "Status": "in-use", "SourceDestCheck": True, "Groups": [{"GroupId": "sg-1"}], "PrivateIpAddress": HERE,
        "PrivateIpAddresses": [{"PrivateIpAddress": HERE, "Primary": True, "Association": {
            "PublicIp": "198.51.100.10", "IpOwnerId": "amazon"}}]}],
}, open(f"{folder}/network.json", "w"))
