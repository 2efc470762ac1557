"""Packets as bytes: crafted ones to send, and enough of a reader to tell captured ones apart."""

import socket
import struct

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packed(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def ip_packet(source, destination, protocol, payload, identification=0):
    """A whole packet; the checksum of what it carries is filled in where the protocol has one."""
    src, dst = packed(source), packed(destination)
    place = {TCP: 16, UDP: 6, ICMP: 2, ICMPV6: 2}.get(protocol)
    if place is not None:
        pseudo = b"" if protocol == ICMP else src + dst + struct.pack("!IHBB", len(payload), 0, 0, protocol)
        if protocol != ICMP and len(src) == 4:
            pseudo = src + dst + struct.pack("!BBH", 0, protocol, len(payload))
        value = checksum(pseudo + payload)
        if protocol == UDP and value == 0:
            value = 0xFFFF
        payload = payload[:place] + struct.pack("!H", value) + payload[place + 2 :]
    if len(src) == 16:
        return struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + src + dst + payload
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), identification, 0, 64, protocol, 0) + src + dst
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def tcp(sport, dport, flags, seq, ack, data=b""):
    return struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 8192, 0, 0) + data


def udp(sport, dport, data):
    return struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data


def icmp(kind, code, rest, data=b""):
    return struct.pack("!BBHI", kind, code, 0, rest) + data


class Packet:
    """A captured IP packet: its ends, and a key that stays the same on its way."""

    def __init__(self, time, frame):
        self.time, self.frame = time, frame
        data = frame[14:]
        self.family = data[0] >> 4
        self.fragment = 0
        if self.family == 4:
            size = (data[0] & 15) * 4
            self.source, self.destination = (socket.inet_ntop(socket.AF_INET, data[at : at + 4]) for at in (12, 16))
            self.protocol = data[9]
            total, identification, offset = struct.unpack("!HHH", data[2:8])
            self.fragment, body = offset & 0x3FFF, data[size:total]
            name = (identification, offset & 0x3FFF)
        else:
            self.source, self.destination = (socket.inet_ntop(socket.AF_INET6, data[at : at + 16]) for at in (8, 24))
            self.protocol, body, name = data[6], data[40 : 40 + struct.unpack("!H", data[4:6])[0]], ()
            if self.protocol == 44:
                self.protocol, _, self.fragment = struct.unpack("!BBH", body[:4])
                name, body = (body[4:8], self.fragment), body[8:]
        self.first = self.fragment & (0x1FFF if self.family == 4 else 0xFFF8) == 0
        place = {TCP: 16, UDP: 6, ICMP: 2, ICMPV6: 2}.get(self.protocol) if self.first else None
        if place is not None:
            body = body[:place] + b"\0\0" + body[place + 2 :]
        self.body = body
        self.is_fragment = self.fragment & (0x3FFF if self.family == 4 else 0xFFF9) != 0
        # Where the whole datagram goes, of which this is a piece.
        self.datagram = (self.source, self.destination, self.protocol, name[:1])
        self.offset = self.fragment & 0x1FFF if self.family == 4 else self.fragment >> 3
        self.key = (self.source, self.destination, self.protocol, name, body)

    @property
    def ports(self):
        return struct.unpack("!HH", self.body[:4]) if self.first and self.protocol in (TCP, UDP) else (0, 0)

    @property
    def flags(self):
        return self.body[13] if self.protocol == TCP and self.first else 0

    @property
    def kind(self):
        return self.body[0] if self.protocol in (ICMP, ICMPV6) and self.first else -1

    @property
    def is_error(self):
        return self.kind in ((3, 4, 5, 11, 12) if self.protocol == ICMP else (1, 2, 3, 4)) and self.kind >= 0

    @property
    def flow(self):
        """The flow's ends in a fixed order, whichever way the packet goes."""
        sport, dport = self.ports
        return (self.protocol,) + tuple(sorted(((self.source, sport), (self.destination, dport))))

    def quoted(self):
        """(source, destination, protocol, source port, destination port) of what an error is about."""
        inner = self.body[8:]
        if self.family == 4 and len(inner) >= 24:
            size = (inner[0] & 15) * 4
            ends = [socket.inet_ntop(socket.AF_INET, inner[at : at + 4]) for at in (12, 16)]
            protocol, rest = inner[9], inner[size : size + 4]
        elif self.family == 6 and len(inner) >= 44:
            ends = [socket.inet_ntop(socket.AF_INET6, inner[at : at + 16]) for at in (8, 24)]
            protocol, rest = inner[6], inner[40:44]
        else:
            return None
        ports = struct.unpack("!HH", rest) if protocol in (TCP, UDP) and len(rest) == 4 else (0, 0)
        return (*ends, protocol, *ports)

    def __str__(self):
        what = {TCP: f"tcp flags {self.flags:#04x}", UDP: "udp", ICMP: "icmp", ICMPV6: "icmpv6"}.get(
            self.protocol, f"protocol {self.protocol}"
        )
        sport, dport = self.ports
        if self.kind >= 0:
            what += f" {self.kind}/{self.body[1]}"
        if self.is_error:
            what += f" about {self.quoted()}"
        piece = f" fragment {self.fragment:#x}" if self.fragment else ""
        return f"{self.source}:{sport} > {self.destination}:{dport} {what}{piece} ({len(self.frame)} bytes)"


def read_pcap(path):
    """The IP packets of a capture with nanoseconds, as tcpdump writes it."""
    with open(path, "rb") as file:
        data = file.read()
    magic = struct.unpack("<I", data[:4])[0]
    assert magic == 0xA1B23C4D, f"{path}: not a capture with nanoseconds"
    at, packets = 24, []
    while at + 16 <= len(data):
        seconds, nanoseconds, captured, length = struct.unpack("<IIII", data[at : at + 16])
        frame = data[at + 16 : at + 16 + captured]
        assert captured == length, f"{path}: a packet was cut"
        if frame[12:14] in (b"\x08\x00", b"\x86\xdd"):
            packets.append(Packet(seconds * 10**9 + nanoseconds, frame))
        at += 16 + captured
    return packets


def write_pcap(path, packets, stretch=1):
    """Writes packets with their times, counted from the first and stretched."""
    start = packets[0].time if packets else 0
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        for packet in packets:
            time = 1_700_000_000 * 10**9 + (packet.time - start) * stretch
            file.write(struct.pack("<IIII", time // 10**9, time % 10**9, len(packet.frame), len(packet.frame)))
            file.write(packet.frame)
