"""Hosts and gates in network namespaces of their own; all of it goes away with `close()`.

    host 1 ── gate 1 ──┐
    host 2 ── gate 2 ──┼── core        a gate filters for its host, as a security group does for its interface
    host 3 ── gate 3 ──┘

Each gate has its own connection tracking, because each is its own namespace.
"""

import ctypes
import os
import signal
import subprocess
import time

from rules import HOSTS, address

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


class Unavailable(Exception):
    """What the machine does not allow or does not have."""


def run(*command, text=None):
    done = subprocess.run(command, input=text, text=True, capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def enter(descriptor):
    """Puts this thread into a network namespace: sockets that it opens from now on belong there."""
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


# What the kernel does by itself and AWS does not, is turned off; timers in seconds are those of AWS (CT-13, CT-14).
GATE_SETTINGS = {
    "net/ipv4/ip_forward": 1,
    "net/ipv6/conf/all/forwarding": 1,
    "net/ipv4/conf/all/rp_filter": 0,
    "net/ipv4/conf/default/rp_filter": 0,
    "net/netfilter/nf_conntrack_tcp_be_liberal": 1,
    "net/netfilter/nf_conntrack_tcp_ignore_invalid_rst": 1,
    "net/netfilter/nf_conntrack_tcp_loose": 1,
    "net/netfilter/nf_conntrack_udp_timeout": 30,
    "net/netfilter/nf_conntrack_udp_timeout_stream": 180,
    "net/netfilter/nf_conntrack_icmp_timeout": 30,
    "net/netfilter/nf_conntrack_icmpv6_timeout": 30,
    "net/netfilter/nf_conntrack_generic_timeout": 600,
}


class World:
    def __init__(self, name, rules, folder, settings):
        self.prefix, self.folder = name, folder
        self.namespaces, self.watchers, self.descriptors = [], [], {}
        try:
            self.build(rules, {**GATE_SETTINGS, **settings})
        except BaseException:
            self.close()
            raise

    def build(self, rules, settings):
        core = self.add("core")
        for host in HOSTS:
            here, gate = self.add(f"host{host}"), self.add(f"gate{host}")
            run("ip", "link", "add", "eth0", "netns", here, "type", "veth", "peer", "name", "inside", "netns", gate)
            run("ip", "link", "add", f"to{host}", "netns", core, "type", "veth", "peer", "name", "outside", "netns", gate)
            self.batch(here, [
                "link set lo up", "link set eth0 up",
                f"address add {address(host, 4)}/24 dev eth0", f"address add {address(host, 6)}/64 dev eth0 nodad",
                f"route add default via 10.77.{host}.1", f"route add default via 2001:db8:77:{host}::1",
            ])  # fmt: skip
            self.batch(gate, [
                "link set lo up", "link set inside up", "link set outside up",
                f"address add 10.77.{host}.1/24 dev inside", f"address add 2001:db8:77:{host}::1/64 dev inside nodad",
                f"address add 10.78.{host}.1/24 dev outside", f"address add 2001:db8:78:{host}::1/64 dev outside nodad",
                f"route add default via 10.78.{host}.2", f"route add default via 2001:db8:78:{host}::2",
            ])  # fmt: skip
            self.batch(core, [
                f"link set to{host} up",
                f"address add 10.78.{host}.2/24 dev to{host}", f"address add 2001:db8:78:{host}::2/64 dev to{host} nodad",
                f"route add 10.77.{host}.0/24 via 10.78.{host}.1",
                f"route add 2001:db8:77:{host}::/64 via 2001:db8:78:{host}::1",
            ])  # fmt: skip
            run("ip", "netns", "exec", gate, "nft", "-f", "-", text=rules.nftables(host))
            self.set(gate, settings)
            self.set(here, {"net/ipv4/icmp_ratelimit": 0, "net/ipv6/icmp/ratelimit": 0})
        self.set(core, {name: value for name, value in GATE_SETTINGS.items() if "conntrack" not in name})
        for host in HOSTS:
            self.watch(host)

    def add(self, name):
        name = f"{self.prefix}-{name}"
        run("ip", "netns", "add", name)
        self.namespaces.append(name)
        self.descriptors[name] = os.open(f"/var/run/netns/{name}", os.O_RDONLY)
        # Link-local addresses at once: neighbours are found by them.
        self.set(name, {"net/ipv6/conf/all/accept_dad": 0, "net/ipv6/conf/default/accept_dad": 0})
        return name

    def batch(self, namespace, lines):
        run("ip", "-n", namespace, "-batch", "-", text="\n".join(lines) + "\n")

    def set(self, namespace, settings):
        with self.inside(namespace):
            for name, value in settings.items():
                path = f"/proc/sys/{name}"
                if os.path.exists(path):
                    with open(path, "w") as file:
                        file.write(str(value))

    def inside(self, namespace):
        return Visit(self.descriptors[namespace])

    def at_host(self, host):
        return self.inside(f"{self.prefix}-host{host}")

    def watch(self, host):
        """Begins a capture on the gate's link to its host: what the host sends, and what reaches it."""
        path = f"{self.folder}/{self.prefix}-{host}.pcap"
        watcher = subprocess.Popen(
            ["ip", "netns", "exec", f"{self.prefix}-gate{host}", "tcpdump", "-n", "-i", "inside", "-w", path, "-U", "-s", "0",
             "-B", "8192", "--immediate-mode", "--time-stamp-precision=nano", "-Z", "root", "ip or ip6"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.watchers.append((watcher, path))
        line = watcher.stderr.readline()
        while line and "listening on" not in line:
            line = watcher.stderr.readline()
        if not line:
            raise RuntimeError("tcpdump did not start")

    def captures(self):
        """Ends the captures, and gives the path of each host's."""
        time.sleep(0.05)
        paths = {}
        for host, (watcher, path) in zip(HOSTS, self.watchers):
            watcher.send_signal(signal.SIGINT)
            said = watcher.communicate(timeout=20)[1]
            if " 0 packets dropped by kernel" not in " " + said.replace("\n", " "):
                raise RuntimeError(f"tcpdump lost packets: {said.strip()}")
            paths[host] = path
        self.watchers = []
        return paths

    def close(self):
        for watcher, _ in self.watchers:
            watcher.kill()
            watcher.communicate()
        for descriptor in self.descriptors.values():
            os.close(descriptor)
        for name in self.namespaces:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)
        self.watchers, self.descriptors, self.namespaces = [], {}, []


class Visit:
    """A stay in a namespace; the thread is back where it was at the end."""

    home = None

    def __init__(self, descriptor):
        self.descriptor = descriptor

    def __enter__(self):
        Visit.home = Visit.home or os.open("/proc/self/ns/net", os.O_RDONLY)
        enter(self.descriptor)

    def __exit__(self, *_):
        enter(Visit.home)


def check_available():
    """Says what is missing for this machine to be an oracle, by raising `Unavailable`."""
    if os.geteuid() != 0:
        raise Unavailable("it needs root, to make network namespaces")
    for tool in ("ip", "nft", "tcpdump"):
        if subprocess.run(["sh", "-c", f"command -v {tool}"], capture_output=True).returncode != 0:
            raise Unavailable(f"there is no `{tool}`")
    name = f"sallyport-try-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    if made.returncode != 0:
        raise Unavailable(f"namespaces are not allowed: {made.stderr.strip()}")
    try:
        rules = 'table inet t { chain c { type filter hook forward priority 0; policy drop; ct state established accept\n }\n}\n'
        tried = subprocess.run(["ip", "netns", "exec", name, "nft", "-f", "-"], input=rules, capture_output=True, text=True)
        if tried.returncode != 0:
            raise Unavailable(f"nftables with connection tracking is not allowed: {tried.stderr.strip()}")
        veth = subprocess.run(["ip", "-n", name, "link", "add", "veth0", "type", "veth", "peer", "name", "veth1"], capture_output=True, text=True)
        if veth.returncode != 0:
            raise Unavailable(f"veth pairs are not allowed: {veth.stderr.strip()}")
    finally:
        subprocess.run(["ip", "netns", "delete", name], capture_output=True)
