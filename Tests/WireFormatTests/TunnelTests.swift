import NetworkTypes
import TestSupport
import Testing
import WireFormat

@Suite("Tunnels")
struct TunnelTests {
  private static let inner = PacketSummary.tcp("203.0.113.7:50000", to: "10.0.0.10:443")

  private func decode(_ frame: [UInt8], decapsulates: Bool = true) -> PacketSummary {
    var batch = PacketBatch()
    let record = PacketRecord(
      offset: 0, capturedLength: UInt32(frame.count), wireLength: UInt32(frame.count),
      time: CaptureTime(nanoseconds: 0), linkType: .ethernet)
    PacketDecoder(decapsulates: decapsulates).decode(frame.span, [record], into: &batch)
    return batch.packets[0]
  }

  private func vxlan(_ frame: [UInt8], v6: Bool = false, flags: UInt8 = 0x08) -> [UInt8] {
    let outer: PacketSummary =
      v6
      ? .udp("[2001:db8::5]:65000", to: "[2001:db8::6]:4789") : .udp("10.0.0.10:65000", to: "10.9.9.9:4789")
    return PacketBuilder().frame(for: outer, payload: [flags, 0, 0, 0, 0, 0, 42, 0] + frame)
  }

  private func geneve(_ type: UInt16, _ payload: [UInt8], options: [UInt8] = []) -> [UInt8] {
    let header: [UInt8] = [UInt8(options.count / 4), 0, UInt8(type >> 8), UInt8(type & 255), 0, 0, 1, 0]
    return PacketBuilder().frame(
      for: .udp("10.0.0.10:65000", to: "10.9.9.9:6081"), payload: header + options + payload)
  }

  /// Semantics TM-3 and S25: the inner frame is judged, never the outer.
  @Test("The packet inside stands for the one around it")
  func inside() {
    let frame = PacketBuilder().frame(for: Self.inner)
    for tunnel in [
      vxlan(frame), vxlan(frame, v6: true), geneve(0x6558, frame, options: [0, 1, 0, 0]),
      geneve(0x0800, Array(frame.dropFirst(14))), geneve(0x6558, vxlan(frame)),
    ] {
      let packet = decode(tunnel)
      #expect(packet.addresses == Self.inner.addresses)
      #expect(packet.ipProtocol == .tcp)
      #expect(packet.destinationPort == 443)
      #expect(packet.tcpFlags == .syn)
      #expect(decode(tunnel, decapsulates: false).ipProtocol == .udp)
    }
    #expect(decode(vxlan(frame)).wireLength == UInt32(frame.count))
  }

  @Test("What is no tunnel stays the datagram that it is")
  func malformed() {
    let frame = PacketBuilder().frame(for: Self.inner)
    #expect(decode(vxlan(frame, flags: 0)).destinationPort == 4789)
    #expect(decode(geneve(0x1234, frame)).destinationPort == 6081)
    var version = geneve(0x6558, frame)
    version[14 + 20 + 8] |= 0x40
    #expect(decode(version).destinationPort == 6081)
    let long = geneve(0x6558, frame)
    var options = long
    options[14 + 20 + 8] = 0x3f
    #expect(decode(options).destinationPort == 6081)
  }

  @Test("Tunnels in tunnels are followed four deep, and cutting one anywhere traps nothing")
  func nested() {
    var frame = PacketBuilder().frame(for: Self.inner)
    for _ in 0..<4 { frame = vxlan(frame) }
    #expect(decode(frame).ipProtocol == .tcp)
    for length in 0..<frame.count { _ = decode(Array(frame[..<length])) }
    #expect(decode(vxlan(frame)).ipProtocol == .udp)
  }
}
