import Foundation
import TestSupport
import Testing

/// `sallyport watch` on a pair of devices in a network namespace of its own.
@Suite struct WatchCommandTests {
  private static let network = """
    vpcs:
      v:
        cidr: 10.0.0.0/16
        subnets: {s: {cidr: 10.0.0.0/24, zone: eu-west-1a}}
    security_groups:
      web: {inbound: [tcp 80 from 10.0.0.0/24], outbound: [all to 0.0.0.0/0]}
      client: {inbound: [], outbound: [all to 0.0.0.0/0]}
    instances:
      a: {subnet: s, private_ip: 10.0.0.10, groups: [client]}
      b: {subnet: s, private_ip: 10.0.0.20, groups: [web]}
    """

  /// Runs a script in a namespace with `left` and `right`, the two ends of one cable; nil where that is not allowed.
  private func inNamespace(_ script: String, _ folder: TemporaryFolder) throws -> CommandRun? {
    let setup = """
      ip link add left type veth peer name right || exit 99
      ip link set lo up; ip link set left up; ip link set right up
      # Until watch has a socket that takes packets, and a little longer: its filter comes after that.
      ready() {
        for try in $(seq 600); do [ $(wc -l < /proc/net/packet) -gt 1 ] && break; sleep 0.05; done
        sleep 1
      }
      # Until a file has a text.
      has() { for try in $(seq 600); do grep -qF "$2" "$1" 2> /dev/null && break; sleep 0.05; done; }
      """
    let path = try folder.write(setup + "\n" + script, "run.sh")
    let run = try CommandRun(shell: "unshare -rn bash '\(path)'")
    let wasRefused = run.exitCode == 99 || run.errors.contains("unshare") || run.errors.contains("python3")
    return wasRefused ? nil : run
  }

  private func sender(_ left: String, _ ports: [Int]) -> String {
    // Whole frames, so that nothing depends on the kernel's own routes and neighbours.
    """
    import socket, struct, time
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(("\(left)", 0))
    for port in \(ports):
        tcp = struct.pack("!HHIIBBHHH", 40000 + port % 1000, port, 1, 0, 5 << 4, 2, 1024, 0, 0)
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 1, 0, 64, 6, 0, bytes([10,0,0,10]), bytes([10,0,0,20]))
        s.send(bytes(12) + b"\\x08\\x00" + ip + tcp)
        time.sleep(0.01)
    """
  }

  @Test func liveTrafficIsJudged() throws {
    let folder = try TemporaryFolder()
    let network = try folder.write(Self.network, "net.yaml")
    let script = try folder.write(sender("left", [80, 80, 443, 22, 80]), "send.py")
    let run = try inNamespace(
      """
      $sallyport watch -i right -n "\(network)" --filter 'ip and tcp' --format json --duration 60 &
      pid=$!
      ready; python3 "\(script)" || exit 99; sleep 2; kill -INT $pid; wait $pid
      """, folder)
    guard let run else {
      print("SKIPPED: unshare, ip and python3 in a network namespace are not allowed here")
      return
    }
    #expect(run.exitCode == 0, "\(run.errors)")
    let report = try #require(
      try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any], "\(run.errors)")
    let packets = try #require(report["packets"] as? [String: Int])
    #expect(packets["total"] == 5)
    #expect(packets["allowed"] == 3)
    #expect(packets["denied"] == 2)
    let captures = try #require(report["captures"] as? [[String: Any]])
    #expect(captures[0]["format"] as? String == "live")
    #expect(captures[0]["path"] as? String == "right")
  }

  @Test("A scrape while packets come is read by Prometheus's own parser, and the port is on loopback only")
  func scrape() throws {
    let folder = try TemporaryFolder()
    let network = try folder.write(Self.network, "net.yaml")
    let script = try folder.write(sender("left", [80, 80, 443, 22, 80]), "send.py")
    let scraper = try folder.write(
      """
      import sys, urllib.request
      try:
          from prometheus_client.openmetrics.parser import text_string_to_metric_families
      except ImportError:
          sys.exit(99)
      port = open(sys.argv[1]).read().split("127.0.0.1:")[1].split("/")[0]
      answer = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10)
      print(answer.headers["Content-Type"])
      for family in text_string_to_metric_families(answer.read().decode()):
          for s in family.samples:
              print(s.name, ",".join(f"{k}={v}" for k, v in sorted(s.labels.items())), int(s.value), sep=" ")
      try:
          urllib.request.urlopen(f"http://127.0.0.1:{port}/other", timeout=10)
      except urllib.error.HTTPError as error:
          print("other", error.code)
      listening = [line.split()[1] for line in open("/proc/net/tcp").readlines()[1:] if line.split()[3] == "0A"]
      listening += [line.split()[1] for line in open("/proc/net/tcp6").readlines()[1:] if line.split()[3] == "0A"]
      print("listening", *listening)
      """, "scrape.py")
    let run = try inNamespace(
      """
      $sallyport watch -i right -n "\(network)" --filter 'ip and tcp' --metrics-port 0 --duration 60 \
        > "\(folder.path("report"))" 2> "\(folder.path("talk"))" &
      pid=$!
      ready; python3 "\(script)" || exit 99; sleep 2; python3 "\(scraper)" "\(folder.path("talk"))"
      status=$?; kill -INT $pid; wait $pid || exit 3; exit $status
      """, folder)
    guard let run else {
      print("SKIPPED: a network namespace, or Python's prometheus_client, is not to be had here")
      return
    }
    #expect(run.exitCode == 0, "\(run.errors)")
    let lines = run.lines
    #expect(lines.first == "application/openmetrics-text; version=1.0.0; charset=utf-8")
    for line in [
      "sallyport_packets_total verdict=allowed 3", "sallyport_packets_total verdict=denied 2",
      "sallyport_packets_total verdict=unplaced 0", "sallyport_bytes_total verdict=denied 108",
      "sallyport_interface_packets_total direction=ingress,interface=eni-b,verdict=denied 2",
      "sallyport_rule_packets_total direction=ingress,rule=sg-web/inbound-1,verdict=allowed 3",
      "sallyport_code_packets_total code=ENI_SG_RULES_MISMATCH 2", "sallyport_tracked_connections  1",
      "sallyport_dropped_packets_total  0", "other 404",
    ] { #expect(lines.contains(line), "\(line)\n\(run.output)") }
    // 127.0.0.1, as the kernel writes it.
    let listening = try #require(lines.last { $0.hasPrefix("listening ") }).split(separator: " ").dropFirst()
    #expect(!listening.isEmpty && listening.allSatisfy { $0.hasPrefix("0100007F:") }, "\(listening)")
  }

  @Test("Alarms and series go by the clock, and a port that is taken is named")
  func alarms() throws {
    let folder = try TemporaryFolder()
    let network = try folder.write(Self.network, "net.yaml")
    let script = try folder.write(sender("left", [80, 443, 22, 80]), "send.py")
    let alarms = try folder.write(
      """
      alarms:
        denied: {metric: packets, of: {verdict: denied}, when: "> 1", period: 10, actions: "file:\(folder.path("told"))"}
        page: {rule: ALARM(denied), actions: "file:\(folder.path("told"))"}
      """, "alarms.yaml")
    let run = try inNamespace(
      """
      python3 -m http.server --bind 127.0.0.1 9464 > /dev/null 2>&1 & server=$!; disown
      # Foundation starts processes with signals blocked, which are handed on.
      trap 'kill -KILL $server 2> /dev/null' EXIT
      for try in $(seq 100); do (: > /dev/tcp/127.0.0.1/9464) 2> /dev/null && break; sleep 0.1; done
      $sallyport watch -i right -n "\(network)" --metrics-port 9464 --duration 1 && exit 4
      kill -KILL $server
      $sallyport watch -i right -n "\(network)" --filter 'ip and tcp' --duration 90 --alarms "\(alarms)" \
        --metrics "\(folder.path("m.prom"))" --metrics-period 1 --format json &
      pid=$!
      ready
      # The denials belong to one period of ten seconds.
      while [ $(($(date +%s) % 10)) -ge 8 ]; do sleep 0.1; done
      python3 "\(script)" || exit 99
      has "\(folder.path("m.prom"))" '{verdict="denied"} 2'; cat "\(folder.path("m.prom"))" >&2
      has "\(folder.path("told"))" AlarmRule; kill -INT $pid
      wait $pid
      """, folder)
    guard let run else { return print("SKIPPED: a network namespace is not allowed here") }
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.errors.contains("127.0.0.1:9464 cannot be taken: Address already in use"))
    // The file has what was counted before the end, as a whole.
    #expect(run.errors.contains("sallyport_packets_total{verdict=\"denied\"} 2"))
    #expect(run.errors.contains("# EOF"))
    #expect(
      run.errors.contains("denied: INSUFFICIENT_DATA -> ALARM") || run.errors.contains("denied: OK -> ALARM"))
    let told = try String(contentsOfFile: folder.path("told"), encoding: .utf8).split(separator: "\n")
    #expect(
      told.contains {
        $0.contains("\"AlarmName\": \"denied\"") && $0.contains("\"NewStateValue\": \"ALARM\"")
      })
    #expect(told.contains { $0.contains("\"AlarmRule\": \"ALARM(denied)\"") })
    let report = try #require(
      try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any], "\(run.output)")
    let changes = try #require(report["alarms"] as? [[String: Any]])
    #expect(changes.contains { $0["name"] as? String == "page" && $0["new_state"] as? String == "ALARM" })
    // Half a period says nothing of how little came: the one that is open at the end is not evaluated.
    let end = Date().ISO8601Format()
    for change in changes { #expect(try #require(change["time"] as? String) < end, "\(changes)") }
  }

  @Test("The dashboard fits a terminal of 80 columns and 24 lines")
  func dashboard() throws {
    let folder = try TemporaryFolder()
    let network = try folder.write(Self.network, "net.yaml")
    let script = try folder.write(sender("left", [80, 80, 443, 22, 8080, 3306, 25, 53, 80]), "send.py")
    let alarms = try folder.write(
      "alarms:\n  denied: {metric: packets, when: \"> 1\", period: 10}\n", "a.yaml")
    let terminal = try folder.write(
      """
      import fcntl, os, pty, select, signal, struct, sys, termios, time
      pid, terminal = pty.fork()
      if pid == 0:
          time.sleep(0.2)
          os.execv(sys.argv[1], sys.argv[1:])
      fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
      drawn, end = b"", time.time() + 60
      while time.time() < end:
          if select.select([terminal], [], [], 0.1)[0]:
              drawn += os.read(terminal, 65536)
          # Two pictures more, so that one of those that have all is whole.
          if drawn.rpartition(b"tcp 80 from")[0].count(b"TOP DENIALS") > 2: break
      os.kill(pid, signal.SIGINT)
      try:
          while select.select([terminal], [], [], 5)[0]: os.read(terminal, 65536)
      except OSError: pass
      print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
      sys.stdout.write(drawn.decode().replace("\\r", "").split("\\x1b[H")[-2])
      """, "terminal.py")
    let run = try inNamespace(
      """
      python3 "\(terminal)" $sallyport watch -i right -n "\(network)" --filter 'ip and tcp' --alarms "\(alarms)" &
      pid=$!
      ready; python3 "\(script)" || exit 99; wait $pid
      """, folder)
    guard let run else { return print("SKIPPED: a network namespace is not allowed here") }
    let lines = run.output.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.replacing(/\u{1b}\[[0-9;]*[A-Za-z]/, with: "") }
    #expect(lines.first == "0", "\(run.errors)")
    let picture = lines.dropFirst()
    // The last line is the one after the picture: where the cursor stands.
    #expect(picture.count <= 24, "\(run.output)")
    #expect(picture.filter { $0.count > 80 } == [])
    #expect(picture.first?.hasPrefix("right  ") ?? false)
    for word in ["ALLOWED", "DENIED", "ALARMS", "TOP DENIALS", "RULES IN USE", "tcp 80 from 10.0.0.0/24"] {
      #expect(picture.contains { $0.contains(word) }, "\(word)\n\(run.output)")
    }
  }

  @Test(
    "While nothing can be answered 64 scrapes wait, further ones are refused, and SIGTERM ends it with its report"
  )
  func manyScrapes() throws {
    let folder = try TemporaryFolder()
    let network = try folder.write(Self.network, "net.yaml")
    let report = folder.path("report.json")
    let terminal = try folder.write(
      """
      import os, pty, select, signal, sys, threading, time, urllib.error, urllib.request
      pid, terminal = pty.fork()
      if pid == 0:
          os.execv(sys.argv[1], sys.argv[1:])

      def ask(seconds):
          try:
              return urllib.request.urlopen("http://127.0.0.1:9464/metrics", timeout=seconds).status
          except urllib.error.HTTPError as error:
              return error.code
          except OSError:
              return 0

      def read(seconds):
          try:
              while select.select([terminal], [], [], seconds)[0]: os.read(terminal, 65536)
          except OSError: pass

      end = time.time() + 60
      while ask(1) != 200 and time.time() < end: time.sleep(0.1)
      answers = []
      while 503 not in answers and time.time() < end:
          # Nobody reads the terminal: a picture comes to wait for room, and scrapes for the picture.
          while ask(1) == 200 and time.time() < end: pass
          answers = []
          threads = [threading.Thread(target=lambda: answers.append(ask(30))) for _ in range(90)]
          for thread in threads: thread.start()
          refused = time.time() + 20
          while answers.count(503) < 26 and 200 not in answers and time.time() < refused: time.sleep(0.05)
          while any(thread.is_alive() for thread in threads): read(0.1)
      print("refused", answers.count(503), "answered", answers.count(200))
      os.kill(pid, signal.SIGTERM)
      read(5)
      print("exit", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
      """, "terminal.py")
    let run = try inNamespace(
      """
      python3 "\(terminal)" $sallyport watch -i right -n "\(network)" --metrics-port 9464 --interval 0.1 \
        --format json -o "\(report)"
      """, folder)
    guard let run else { return print("SKIPPED: a network namespace is not allowed here") }
    // Of the 64 that wait one has gone away, if it was not yet missed: the one that found the watch to be busy.
    let counts = ["refused 27 answered 63", "refused 26 answered 64"]
    #expect(counts.contains(run.lines.first ?? ""), "\(run.output) \(run.errors)")
    #expect(run.lines.last == "exit 0", "\(run.errors)")
    #expect(try String(contentsOfFile: report, encoding: .utf8).contains("\"packets\""))
  }

  @Test func aDeviceThatIsNotThereIsNamed() throws {
    let folder = try TemporaryFolder()
    let network = try folder.write(Self.network, "net.yaml")
    let run = try CommandRun(["watch", "-i", "nosuchdevice0", "-n", network, "--duration", "1"])
    #expect(run.exitCode == 2)
    #expect(run.errors.contains("nosuchdevice0"))
    let filter = try CommandRun([
      "watch", "-i", "lo", "-n", network, "--filter", "tcp prot 1", "--duration", "1",
    ])
    // Where devices must not be opened, that is said first.
    #expect(
      filter.exitCode == 64 || filter.exitCode == 2 && filter.errors.contains("lo: "), "\(filter.errors)")
    let wrong = try CommandRun(["watch", "-n", network])
    #expect(wrong.exitCode == 64)
  }
}
