"""Random rule sets, each said twice: as a network in YAML for Sallyport, and as nftables rules for the kernel.

Nothing here knows how Sallyport judges: a rule is a line of text for the one and a line of text for the other.
"""

import ipaddress

HOSTS = (1, 2, 3)
PORTS = (22, 80, 443, 1433, 5432, 8080, 9000)
PROTOCOLS = (47, 50, 89, 253)


def address(host, family):
    return f"10.77.{host}.10" if family == 4 else f"2001:db8:77:{host}::10"


def family_of(text):
    return ipaddress.ip_network(text, strict=False).version


class Rule:
    """One rule of a group: `protocol`, what of it (`first`, `last`: ports, or ICMP type and code), and a peer."""

    def __init__(self, protocol, first, last, peer):
        self.protocol, self.first, self.last, self.peer = protocol, first, last, peer

    def text(self, direction):
        what = self.protocol
        if self.protocol in ("tcp", "udp"):
            ports = (self.first, self.last)
            what += " any" if ports == (0, 65535) else f" {self.first}" if self.first == self.last else f" {self.first}-{self.last}"
        elif self.protocol.startswith("icmp"):
            what += " any" if self.first < 0 else f" {self.first}" if self.last < 0 else f" {self.first}/{self.last}"
        return f"{what} {'from' if direction == 'inbound' else 'to'} {self.peer}"

    def is_whole_world(self, family):
        return self.peer == ("0.0.0.0/0" if family == 4 else "::/0")

    def lines(self, direction, members):
        """The rule in nftables' words, one line for each family that it speaks of."""
        side = "saddr" if direction == "inbound" else "daddr"
        for family in (4, 6):
            word = "ip" if family == 4 else "ip6"
            if self.protocol == "icmp" and family == 6 or self.protocol == "icmpv6" and family == 4:
                continue
            if self.peer.startswith("sg/"):
                peers = [address(host, family) for host in members[self.peer[3:]]]
                if not peers:
                    continue
                peer = f"{word} {side} {{ {', '.join(peers)} }}"
            elif family_of(self.peer) != family:
                continue
            elif self.is_whole_world(family):
                peer = f"meta nfproto ipv{family}"
            else:
                peer = f"{word} {side} {self.peer}"
            yield f"{peer} {self.condition()} counter accept"

    def condition(self):
        if self.protocol == "all":
            return ""
        if self.protocol in ("tcp", "udp"):
            return f"{self.protocol} dport {self.first}-{self.last}"
        if self.protocol.startswith("icmp"):
            kind = "" if self.first < 0 else f" {self.protocol} type {self.first}"
            code = "" if self.last < 0 else f" {self.protocol} code {self.last}"
            return f"meta l4proto {'icmp' if self.protocol == 'icmp' else 'ipv6-icmp'}{kind}{code}"
        return f"meta l4proto {self.protocol.split()[1]}"


class RuleSet:
    """Groups with their rules, and which host has which."""

    def __init__(self, random, open_to_all=False):
        self.names = ["g0", "g1", "g2", "g3"]
        if open_to_all:
            self.of_host = {host: ["g0"] for host in HOSTS}
            whole = [Rule("all", 0, 0, "0.0.0.0/0"), Rule("all", 0, 0, "::/0")]
            self.rules = {name: {"inbound": whole, "outbound": whole} for name in self.names}
            return
        self.of_host = {host: sorted(random.sample(self.names, random.choice((1, 1, 2)))) for host in HOSTS}
        self.rules = {
            name: {
                "inbound": [self.any_rule(random) for _ in range(random.randint(1, 7))],
                "outbound": self.outbound(random),
            }
            for name in self.names
        }

    def outbound(self, random):
        if random.random() < 0.6:
            return [Rule("all", 0, 0, "0.0.0.0/0"), Rule("all", 0, 0, "::/0")][: random.choice((1, 2, 2))]
        return [self.any_rule(random) for _ in range(random.randint(0, 6))]

    def any_rule(self, random):
        protocol = random.choice(("tcp",) * 5 + ("udp",) * 4 + ("icmp",) * 3 + ("icmpv6",) * 2 + ("all", "proto"))
        peer = self.any_peer(random, protocol)
        first, last = 0, 0
        if protocol in ("tcp", "udp"):
            first = random.choice(PORTS + (0, 1024, 32768))
            last = random.choice((first, first, first + random.randint(0, 20), 65535))
        elif protocol.startswith("icmp"):
            kinds = (-1, 8, 0, 3, 11, 13, 5) if protocol == "icmp" else (-1, 128, 129, 1, 2, 3)
            first = random.choice(kinds)
            last = -1 if first < 0 else random.choice((-1, -1, 0, 3, 4))
        elif protocol == "proto":
            protocol = f"proto {random.choice(PROTOCOLS)}"
        return Rule(protocol, first, last, peer)

    def any_peer(self, random, protocol):
        families = {"icmp": (4,), "icmpv6": (6,)}.get(protocol, (4, 4, 6))
        if random.random() < 0.25:
            return "sg/" + random.choice(self.names)
        family, host = random.choice(families), random.choice(HOSTS)
        if family == 4:
            return random.choice(
                ("0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0", f"10.77.{host}.10/32", f"10.77.{host}.0/24", f"10.77.{host}.0/29", "10.77.2.0/23")
            )
        return random.choice(("::/0", "::/0", "::/0", f"2001:db8:77:{host}::10/128", f"2001:db8:77:{host}::/64", "2001:db8:77:2::/63"))

    def yaml(self):
        lines = ["vpcs:", "  oracle:", '    cidr: [10.77.0.0/16, "2001:db8:77::/56"]', "    subnets:"]
        for host in HOSTS:
            lines.append(f'      s{host}: {{cidr: [10.77.{host}.0/24, "2001:db8:77:{host}::/64"], zone: eu-central-1a}}')
        lines.append("security_groups:")
        for name in self.names:
            lines.append(f"  {name}:")
            for direction in ("inbound", "outbound"):
                quoted = ", ".join(f'"{rule.text(direction)}"' for rule in self.unique(name, direction))
                lines.append(f"    {direction}: [{quoted}]")
        lines.append("instances:")
        for host in HOSTS:
            lines.append(
                f'  h{host}: {{subnet: s{host}, private_ip: {address(host, 4)}, ipv6: "{address(host, 6)}", '
                f"groups: [{', '.join(self.of_host[host])}]}}"
            )
        return "\n".join(lines) + "\n"

    def unique(self, name, direction):
        seen = {}
        for rule in self.rules[name][direction]:
            seen.setdefault(rule.text(direction), rule)
        return list(seen.values())

    def nftables(self, host):
        """What the gate of one host lets through: `inside` is the link to the host, `outside` the rest."""
        members = {name: [host for host in HOSTS if name in self.of_host[host]] for name in self.names}
        chains = {}
        for direction in ("inbound", "outbound"):
            chains[direction] = [
                line
                for name in self.of_host[host]
                for rule in self.unique(name, direction)
                for line in rule.lines(direction, members)
            ]
        return "\n".join(
            ["table inet group {"]
            + ["  chain inbound {"] + ["    " + line for line in chains["inbound"]] + ["  }"]
            + ["  chain outbound {"] + ["    " + line for line in chains["outbound"]] + ["  }"]
            + [
                "  chain forward {",
                "    type filter hook forward priority 0; policy drop;",
                "    ct state established,related accept",
                '    iifname "inside" jump outbound',
                '    iifname "outside" jump inbound',
                "  }",
                "}",
                "",
            ]
        )

    def is_untracked(self, host, protocol, port, family, is_sender):
        """Whether the group of `host` does not track a flow to `port` that it sends or receives (semantics CT-4)."""
        here, there = ("outbound", "inbound") if is_sender else ("inbound", "outbound")
        rules = {way: [rule for name in self.of_host[host] for rule in self.rules[name][way]] for way in (here, there)}

        def lets(rule):
            return rule.is_whole_world(family) and (
                rule.protocol == "all" or rule.protocol == protocol and rule.first <= port <= rule.last
            )

        def answers_all(rule):
            return rule.is_whole_world(family) and (
                rule.protocol == "all" or rule.protocol == protocol and (rule.first, rule.last) == (0, 65535)
            )

        return protocol in ("tcp", "udp") and any(map(lets, rules[here])) and any(map(answers_all, rules[there]))
