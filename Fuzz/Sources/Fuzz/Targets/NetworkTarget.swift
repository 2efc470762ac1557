import Filtering
import NetworkTypes
import PolicyFormats
import VirtualNetworks

/// Networks: read, judged by, written as YAML and read again, with the same judgements.
enum NetworkTarget {
  /// Answers of AWS or YAML, as they are recognised.
  static func runFile(_ bytes: [UInt8]) {
    let path = ScratchFile.shared.holding(bytes)
    do throws(PolicyFormatError) { judge(try NetworkReader().read(paths: [path])) } catch {
      check(error, path)
    }
  }

  static func runYAML(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    do throws(PolicyFormatError) { judge(try VirtualNetwork(yaml: text, file: "network.yaml")) } catch {
      check(error, "network.yaml")
    }
  }

  private static func check(_ error: PolicyFormatError, _ path: String) {
    if case .invalidYAML(let problems) = error {
      require(!problems.all.isEmpty, "no problem")
      for problem in problems.all {
        require(problem.location.line != nil, "a problem without a line: \(problem)")
      }
    } else {
      require(error.description.contains(path), "the error does not name its input: \(error)")
    }
  }

  private static func judge(_ network: VirtualNetwork) {
    let judgements = judgements(network)
    // What contradicts itself cannot be written: of two resources with one id, which is meant?
    guard network.problems.allSatisfy({ $0.severity != .error }) else { return }
    let text = network.yaml()
    guard !text.isEmpty else { return }
    do throws(PolicyFormatError) {
      let again = try VirtualNetwork(yaml: text, file: "written.yaml")
      let second = self.judgements(again)
      require(second == judgements, "judged otherwise:\n\(text)\n\(judgements)\n\(second)")
      // A name or Region that was left to be inferred may be written out the second time, and no other time.
      let settled = again.yaml()
      let third = try VirtualNetwork(yaml: settled, file: "written.yaml").yaml()
      require(third == settled, "written otherwise the third time:\n\(settled)\n--- third\n\(third)")
    } catch {
      fatalError("what was written cannot be read: \(error)\n\(text)")
    }
  }

  /// What becomes of packets between the first interfaces and the outside.
  private static func judgements(_ network: VirtualNetwork) -> [String] {
    let filter = PacketFilter(network)
    var tracker = ConnectionTracker()
    let ends = ends(network)
    var judgements: [String] = []
    for source in ends {
      for destination in ends where source != destination {
        guard let addresses = AddressPair(source: source, destination: destination) else { continue }
        for ipProtocol in [IPProtocol.tcp, addresses.family == .v4 ? .icmp : .icmpv6] {
          var packet = PacketSummary(
            addresses: addresses, time: CaptureTime(nanoseconds: Int64(judgements.count) * 1_000_000),
            wireLength: 60, fields: [.addresses, .transport], ipProtocol: ipProtocol, sourcePort: 50_000,
            destinationPort: 443)
          if ipProtocol == .tcp {
            packet.tcpFlags = .syn
            packet.fields.insert(.tcpFlags)
          } else {
            packet.destinationPort = ipProtocol == .icmp ? 8 << 8 : 128 << 8
          }
          let verdict = filter.evaluate(packet, tracking: &tracker)
          let outcome = tracker[verdict.outcome]
          if verdict.packetClass == .deny { _ = filter.explain(outcome, for: PacketHeader(packet)) }
          let codes = outcome.steps.map { $0.code.map { "\($0)" } ?? "" }
          judgements.append("\(addresses) \(ipProtocol) \(verdict.packetClass) \(codes)")
        }
      }
    }
    return judgements
  }

  private static func ends(_ network: VirtualNetwork) -> [IPAddress] {
    var ends: [IPAddress] = [IPAddress("203.0.113.7")!, IPAddress("2001:db8:ffff::7")!]
    for interface in network.networkInterfaces.prefix(3) {
      if let first = interface.ipv4Addresses.first {
        ends.append(.v4(first.address))
        if let address = first.publicAddress { ends.append(.v4(address)) }
      }
      if let first = interface.ipv6Addresses.first { ends.append(.v6(first)) }
    }
    if let block = network.subnets.first?.ipv4Block { ends.append(.v4(block.last)) }
    return ends
  }
}
