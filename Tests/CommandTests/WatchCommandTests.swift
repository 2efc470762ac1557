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
      $sallyport watch -i right -n "\(network)" --filter 'ip and tcp' --format json --duration 30 &
      pid=$!
      sleep 2; python3 "\(script)" || exit 99; sleep 1; kill -INT $pid; wait $pid
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
