"""What the kernel let pass against what Sallyport says, and where AWS and Linux differ by design."""

import bisect
import collections

from packets import TCP, UDP, read_pcap
from rules import HOSTS, address

OWNER = {address(host, family): host for host in HOSTS for family in (4, 6)}
# No further apart than this are a packet's times before and behind the gates.
TRANSIT = 2 * 10**9


class Findings:
    def __init__(self):
        self.counts, self.design, self.wrong = collections.Counter(), collections.Counter(), []


def sort_out(captures):
    """(packets that hosts sent, in order of time; whether each of them reached its destination)."""
    sent, arrived = [], []
    for host, path in captures.items():
        for packet in read_pcap(path):
            if OWNER.get(packet.source) == host and packet.destination in OWNER:
                sent.append(packet)
            elif OWNER.get(packet.destination) == host and packet.source in OWNER:
                arrived.append(packet)
    sent.sort(key=lambda packet: packet.time)
    arrived.sort(key=lambda packet: packet.time)
    passed = [False] * len(sent)
    units = collections.defaultdict(list)
    for time, key, indices in datagrams(sent):
        units[key].append((time, indices))
    # Of several equal packets, the latest sent before an arrival is the one that arrived.
    for time, key, indices in datagrams(arrived):
        free = units.get(key, [])
        at = bisect.bisect_right([begun for begun, _ in free], time) - 1
        if at < 0 or time - free[at][0] > TRANSIT:
            raise RuntimeError(f"a packet arrived that nobody sent: {arrived[indices[0]]}")
        for index in free.pop(at)[1]:
            passed[index] = True
    return sent, passed


def datagrams(packets):
    """(time of the first piece, key, indices of the pieces) of each whole datagram or packet that is one by itself.

    Gates put datagrams together and cut them anew, in IPv6 under a new name, so what they carry is compared.
    """
    pieces = collections.defaultdict(list)
    for index, packet in enumerate(packets):
        pieces[packet.datagram if packet.is_fragment else index].append(index)
    for indices in pieces.values():
        first = packets[indices[0]]
        key = first.key
        if first.is_fragment:
            ordered = sorted(indices, key=lambda index: packets[index].offset)
            key = (*first.key[:3], b"".join(packets[index].body for index in ordered))
        yield first.time, key, indices


def compare(rules, sent, passed, records, stretch):
    found = Findings()
    if len(records) != len(sent):
        found.wrong.append(f"{len(sent)} packets, {len(records)} verdicts")
        return found
    history = History(rules, stretch)
    for index, (packet, did_pass, record) in enumerate(zip(sent, passed, records)):
        found.counts["packets"] += 1
        found.counts[{6: "tcp", 17: "udp", 1: "icmp", 58: "icmpv6"}.get(packet.protocol, "other")] += 1
        found.counts["ipv6"] += packet.family == 6
        found.counts["fragments"] += packet.is_fragment
        says_pass = record["verdict"] == "allow"
        if record["verdict"] not in ("allow", "deny"):
            found.wrong.append(f"frame {index + 1}: {packet}: verdict {record['verdict']}")
        elif says_pass == did_pass:
            found.counts["both pass" if did_pass else "both stop"] += 1
        else:
            reason = history.design(packet, did_pass)
            if reason:
                found.design[reason] += 1
            else:
                linux, ours = ("passes", "stops") if did_pass else ("stops", "passes")
                found.wrong.append(
                    f"frame {index + 1}: Linux {linux}, Sallyport {ours} ({record.get('state')}, {record.get('code')}): {packet}"
                )
                found.wrong.extend(history.before(packet))
        history.note(packet, did_pass, says_pass)
    return found


class History:
    """What was sent before, by flow: enough to tell a difference by design from a mistake."""

    def __init__(self, rules, stretch):
        self.rules, self.stretch = rules, stretch
        self.flows = collections.defaultdict(list)
        self.connections = {}

    def note(self, packet, did_pass, says_pass):
        if packet.is_error or not packet.first:
            return
        self.flows[packet.flow].append((packet, did_pass, says_pass))
        if packet.protocol == TCP:
            self.connections[packet.flow] = self.connection(packet).after(packet, did_pass)

    def connection(self, packet):
        return self.connections.get(self.flow(packet), Connection())

    def before(self, packet):
        """What happened in the packet's flow, or in the one that it quotes, in a line a packet."""
        return [
            f"    {self.seconds(past, packet):9.3f} s ago, Linux {'passed' if did_pass else 'stopped'}, "
            f"Sallyport {'passed' if says_pass else 'stopped'}: {past}"
            for past, did_pass, says_pass in self.flows[self.flow(packet)][-8:]
        ]

    def seconds(self, past, packet):
        return (packet.time - past.time) / 1e9 * self.stretch

    def flow(self, packet):
        quoted = packet.quoted() if packet.is_error else None
        if quoted is None:
            return packet.flow
        source, destination, protocol, sport, dport = quoted
        return (protocol, *sorted(((source, sport), (destination, dport))))

    def design(self, packet, did_pass):
        """Why AWS and Linux differ by design here, or None."""
        protocol, *ends = flow = self.flow(packet)
        if protocol == TCP:
            connection = self.connection(packet)
            if not packet.is_error:
                connection = connection.after(packet, did_pass)
            if connection.state == "closed" or self.connection(packet).state == "closed":
                return "CT-25, CT-17: AWS rejects what comes after the end, Linux lingers"
            if connection.state == "odd":
                return "CT-17, CT-27: segments that no connection begins or goes on with"
        if packet.is_error and did_pass and protocol in (TCP, UDP) and self.flows[flow]:
            for sender, receiver in (ends, ends[::-1]):
                for end, is_sender in ((sender, True), (receiver, False)):
                    name = "tcp" if protocol == TCP else "udp"
                    if self.rules.is_untracked(OWNER[end[0]], name, receiver[1], packet.family, is_sender):
                        return "CT-22, CT-4: AWS relates no error to a flow that it does not track"
        if protocol == UDP and self.stretch > 1:
            return self.timer(packet)
        return None

    def timer(self, packet):
        past = self.flows[self.flow(packet)]
        if not past:
            return None
        idle = self.seconds(past[-1][0], packet)
        if any(abs(idle - timer) < timer / 6 for timer in (30, 180)):
            return "CT-13: nearer to a timer than the clock can say"
        sources = collections.Counter(known.source for known, _, _ in past)
        if 30 < idle <= 180 and len(sources) == 2 and min(sources.values()) > 1:
            return "CT-13, CT-18: a stream is two exchanges at AWS, two seconds in Linux"
        return None


class Connection:
    """How far the segments of a flow follow a TCP connection: `new`, `syn`, `open`, `closing`, `closed`, or `odd`."""

    def __init__(self, state="new", initiator=None, ended=frozenset()):
        self.state, self.initiator, self.ended = state, initiator, ended

    def after(self, packet, did_pass):
        flags = packet.flags & 0x17
        fin, syn, rst, ack = (flags & bit != 0 for bit in (1, 2, 4, 16))
        sender = (packet.source, packet.ports[0])
        if self.state in ("odd", "closed"):
            return self
        if self.state == "new":
            if syn and not (ack or rst or fin):
                return Connection("syn", sender)
            return Connection("open" if ack and not (syn or fin or rst) else "odd", sender)
        if rst:
            return Connection("closed" if did_pass else "odd", self.initiator)
        if self.state == "syn":
            if sender == self.initiator:
                return self if syn and not (ack or fin) else Connection("odd")
            return Connection("open", self.initiator) if syn and ack and not fin else Connection("odd")
        if not ack or syn and (sender == self.initiator or fin):
            return Connection("odd")
        ended = self.ended | {sender} if fin else self.ended
        return Connection(("open", "closing", "closed")[len(ended)], self.initiator, ended)
