"""Traffic between the hosts of a world: conversations over the kernel's own sockets, then crafted packets."""

import selectors
import socket
import time

import packets
from rules import HOSTS, PORTS, PROTOCOLS, address

FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}


class Traffic:
    def __init__(self, world, rules, random):
        self.world, self.rules, self.random = world, rules, random
        self.selector, self.sockets = selectors.DefaultSelector(), []
        self.raw = {}
        self.crafted = []

    def close(self):
        for opened in self.sockets:
            opened.close()
        self.selector.close()

    # Conversations over sockets

    def open(self, host, family, kind, protocol=0):
        with self.world.at_host(host):
            opened = socket.socket(FAMILIES[family], kind, protocol)
        opened.setblocking(False)
        self.sockets.append(opened)
        return opened

    def listen(self, opened, where):
        """False where the port is taken: then another answers there."""
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            opened.bind(where)
        except OSError:
            return False
        return True

    def any_port(self, there):
        """A port at the edge of a rule by which `there` is reached, or any."""
        edges = [
            rule.first + step if end == 0 else rule.last + step
            for group in self.rules.of_host[there]
            for rule in self.rules.rules[group]["inbound"]
            if rule.protocol in ("tcp", "udp")
            for end, step in ((0, 0), (0, 0), (0, -1), (1, 0), (1, 0), (1, 1))
        ]
        port = self.random.choice(edges if edges and self.random.random() < 0.7 else PORTS)
        return min(max(port, 1), 65535) if port not in (67, 68, 546, 547) else 80

    def ends(self):
        family = self.random.choice((4, 4, 6))
        here, there = self.random.sample(HOSTS, 2)
        return family, here, there

    def converse(self, streams, datagrams):
        """TCP handshakes, data and their ends; UDP in one packet or in fragments, answered or refused."""
        for _ in range(streams):
            family, here, there = self.ends()
            where = (address(there, family), self.any_port(there))
            server = self.open(there, family, socket.SOCK_STREAM)
            if self.random.random() < 0.7 and self.listen(server, where):
                server.listen()
                self.selector.register(server, selectors.EVENT_READ, self.accept)
            client = self.open(here, family, socket.SOCK_STREAM)
            self.selector.register(client, selectors.EVENT_WRITE, self.connected)
            client.connect_ex(where)
        for _ in range(datagrams):
            family, here, there = self.ends()
            where = (address(there, family), self.any_port(there))
            server = self.open(there, family, socket.SOCK_DGRAM)
            if self.random.random() < 0.7 and self.listen(server, where):
                self.selector.register(server, selectors.EVENT_READ, self.echo)
            client = self.open(here, family, socket.SOCK_DGRAM)
            for _ in range(self.random.choice((1, 2, 3))):
                client.sendto(self.random.randbytes(self.random.choice((20, 400, 3000))), where)
        self.pump(0.35)

    def pump(self, seconds):
        """Serves the sockets until nothing has happened for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for key, _ in self.selector.select(0.02):
                try:
                    key.data(key.fileobj)
                except OSError:
                    self.forget(key.fileobj)

    def forget(self, opened):
        self.selector.unregister(opened)
        opened.close()

    def accept(self, server):
        peer, _ = server.accept()
        peer.setblocking(False)
        self.sockets.append(peer)
        self.selector.register(peer, selectors.EVENT_READ, self.answer)

    def answer(self, peer):
        data = peer.recv(65536)
        peer.send(data) if data else self.forget(peer)

    def connected(self, client):
        client.send(self.random.randbytes(self.random.choice((1, 300, 1200))))
        self.selector.modify(client, selectors.EVENT_READ, self.receive)

    def receive(self, client):
        client.recv(65536)
        if self.random.random() < 0.3:
            # A reset in place of a friendly end.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.forget(client)

    def echo(self, server):
        data, where = server.recvfrom(65536)
        server.sendto(data, where)

    # Crafted packets

    def send(self, host, family, packet):
        if (host, family) not in self.raw:
            self.raw[host, family] = self.open(host, family, socket.SOCK_RAW, socket.IPPROTO_RAW)
        there = socket.inet_ntop(FAMILIES[family], packet[16:20] if family == 4 else packet[24:40])
        self.raw[host, family].sendto(packet, (there, 0))
        time.sleep(0.004)

    def craft(self, count):
        for _ in range(count):
            make = self.random.choice((self.segment,) * 5 + (self.datagram,) * 3 + (self.query,) * 3 + (self.error,) * 3 + (self.other,) * 2)
            make()

    def deliver(self, family, here, there, protocol, payload):
        name = self.random.randrange(1, 65536)
        packet = packets.ip_packet(address(here, family), address(there, family), protocol, payload, name)
        self.send(here, family, packet)
        if protocol in (packets.TCP, packets.UDP):
            self.crafted.append((family, here, there, protocol, packet))
        return packet

    def flow(self, protocol):
        """The ends and ports of a new flow, or of one that was begun, from either side."""
        known = [entry for entry in self.crafted if entry[3] == protocol]
        if known and self.random.random() < 0.6:
            family, here, there, _, packet = self.random.choice(known[-4:])
            at = 20 if family == 4 else 40
            sport, dport = int.from_bytes(packet[at : at + 2]), int.from_bytes(packet[at + 2 : at + 4])
            return (family, here, there, sport, dport) if self.random.random() < 0.4 else (family, there, here, dport, sport)
        family, here, there = self.ends()
        return family, here, there, self.random.randrange(1025, 65536), self.any_port(there)

    def segment(self):
        family, here, there, sport, dport = self.flow(packets.TCP)
        flags = self.random.choice((0x02, 0x02, 0x02, 0x12, 0x12, 0x10, 0x10, 0x18, 0x11, 0x04, 0x14, 0x00, 0x29))
        seq, ack = self.random.getrandbits(32), self.random.getrandbits(32)
        self.deliver(family, here, there, packets.TCP, packets.tcp(sport, dport, flags, seq, ack if flags & 0x10 else 0))

    def datagram(self):
        family, here, there, sport, dport = self.flow(packets.UDP)
        self.deliver(family, here, there, packets.UDP, packets.udp(sport, dport, self.random.randbytes(self.random.randrange(40))))

    def query(self):
        family, here, there = self.ends()
        kinds = (8, 8, 8, 0, 13, 14, 9, 15) if family == 4 else (128, 128, 128, 129, 144)
        kind = self.random.choice(kinds)
        # Linux takes the code for a part of an echo's and a timestamp's flow; there is none but 0.
        code = self.random.choice((0, 3)) if kind in (9, 15, 144) else 0
        protocol = packets.ICMP if family == 4 else packets.ICMPV6
        self.deliver(family, here, there, protocol, packets.icmp(kind, code, self.random.getrandbits(32), self.random.randbytes(16)))

    def error(self):
        """An error about a packet that was sent, from the one whom it was sent to; or about none."""
        if self.crafted and self.random.random() < 0.8:
            family, there, here, _, about = self.random.choice(self.crafted[-6:])
        else:
            family, there, here = self.ends()
            about = packets.ip_packet(
                address(there, family), address(here, family), packets.UDP,
                packets.udp(self.random.randrange(1025, 65536), self.any_port(here), b"never sent"),
            )  # fmt: skip
        kinds = ((3, 0), (3, 1), (3, 3), (3, 4), (3, 13), (11, 0), (12, 0)) if family == 4 else ((1, 0), (1, 4), (2, 0), (3, 0), (4, 0))
        kind, code = self.random.choice(kinds)
        rest = 1400 if (kind, code) in ((3, 4), (2, 0)) else 0
        protocol = packets.ICMP if family == 4 else packets.ICMPV6
        self.deliver(family, here, there, protocol, packets.icmp(kind, code, rest, about[:80]))

    def other(self):
        family, here, there = self.ends()
        # A header of GRE without a key: others are another flow to Linux.
        self.deliver(family, here, there, self.random.choice(PROTOCOLS), b"\0\0\x08\0" + self.random.randbytes(20))

    # Timers

    def wait_for_timers(self):
        """Datagrams with pauses shorter and longer than the timers of a world whose seconds are thirtieths."""
        for rounds in (1, 2, 3):
            for _ in range(4):
                family, here, there = self.ends()
                sport, dport = self.random.randrange(1025, 65536), self.any_port(there)
                there_to_here = packets.udp(dport, sport, b"back")
                for _ in range(rounds):
                    self.deliver(family, here, there, packets.UDP, packets.udp(sport, dport, b"forth"))
                    if rounds > 1:
                        self.deliver(family, there, here, packets.UDP, there_to_here)
        sent = list(self.crafted)
        for pause in (0.5, 1.5):
            time.sleep(pause)
            for family, here, there, _, packet in sent:
                at = 20 if family == 4 else 40
                sport, dport = int.from_bytes(packet[at : at + 2]), int.from_bytes(packet[at + 2 : at + 4])
                self.send(there, family, packets.ip_packet(
                    address(there, family), address(here, family), packets.UDP,
                    packets.udp(dport, sport, b"later"), self.random.randrange(1, 65536)))  # fmt: skip
