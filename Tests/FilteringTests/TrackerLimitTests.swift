import Filtering
import NetworkTypes
import TestSupport
import Testing

/// Tables that are full: memory stays bounded, packets are still judged, and what could not be remembered is counted.
@Suite struct TrackerLimitTests {
  private func flood(
    _ tracker: inout ConnectionTracker, _ filter: PacketFilter, ports: Range<Int>, at time: Double
  ) {
    for port in ports {
      let verdict = filter.evaluate(
        .tcp("203.0.113.7:\(port)", to: "10.0.0.10:443", at: time), tracking: &tracker)
      #expect(verdict.packetClass == .allow)
    }
  }

  @Test func aFloodOfConnections() {
    let filter = PacketFilter(SemanticsNetwork().network)
    var tracker = ConnectionTracker(limit: 100)
    flood(&tracker, filter, ports: 20_000..<20_100, at: 0)
    #expect(tracker.flowCount == 100)
    #expect(tracker.untrackedForLackOfRoom == 0)
    flood(&tracker, filter, ports: 30_000..<30_400, at: 1)
    #expect(tracker.flowCount == 100)
    #expect(tracker.untrackedForLackOfRoom == 400)
    // Those that were there first are still known: nothing is thrown out for newcomers.
    let answer = filter.evaluate(
      .tcp("10.0.0.10:443", to: "203.0.113.7:20000", [.syn, .ack], at: 2), tracking: &tracker)
    #expect(answer.state == .established || answer.state == .untracked)
    // What has expired makes room.
    flood(&tracker, filter, ports: 40_000..<40_050, at: 1_000_000)
    #expect(tracker.untrackedForLackOfRoom == 400)
    #expect(tracker.flowCount <= 100)
  }

  /// First fragments whose datagrams never end: later fragments of the newest are still known.
  @Test func aFloodOfFragments() {
    var scene = Scene(SemanticsNetwork())
    func first(_ number: UInt32) -> PacketSummary {
      .udp("10.0.1.10:5000", to: "10.0.2.10:53").fragment(number, offset: 0, more: true)
    }
    let count: UInt32 = 70_000
    for number in 0..<count { _ = scene.filter.evaluate(first(number), tracking: &scene.tracker) }
    let known = scene.send(first(count - 1))
    let later = PacketSummary.udp("10.0.1.10:5000", to: "10.0.2.10:53").fragment(
      count - 1, offset: 185, more: false)
    #expect(scene.send(later).packetClass == known.packetClass)
  }
}
