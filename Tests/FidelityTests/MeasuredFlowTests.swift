import Filtering
import Foundation
import NetworkTypes
import PolicyFormats
import RuleMatching
import TestSupport
import Testing
import VirtualNetworks

/// Flows measured on real instances, and flows stated by another system's tests (`../shared/data/aws-measured`).
@Suite(
  "Measured flows",
  .enabled(if: Environment.hasShared("aws-measured"), "skipped: ../shared/data/aws-measured is absent"))
struct MeasuredFlowTests {
  static let folders: [String] = {
    let root = Environment.shared("aws-measured")
    return ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).sorted().filter {
      FileManager.default.fileExists(atPath: "\(root)/\($0)/flows.ndjson")
    }
  }()

  @Test("Every measured flow agrees", arguments: folders)
  func measured(folder: String) throws {
    let root = Environment.shared("aws-measured/\(folder)")
    let network = try VirtualNetwork(contentsOf: root + "/network")
    let filter = PacketFilter(network)
    var agreed = 0
    var wrong: [String] = []
    for line in try String(contentsOfFile: root + "/flows.ndjson", encoding: .utf8).split(separator: "\n") {
      let row = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let kind = row["class"] as! String
      if kind == "host" || kind == "outside" { continue }
      let answer = filter.trace(question(row, network))
      let expected = row["expect"] as! String
      if "\(answer.verdict)" == expected {
        agreed += 1
      } else if (kind == "vpn" || kind == "appliance") && answer.verdict == .unknown {
        agreed += 1
      } else {
        let path = answer.steps.map { step in
          "\(step.way.rawValue)/\(step.step.stage)/\(step.step.element)/\(step.step.action)/\(step.step.code?.rawValue ?? "")"
        }
        wrong.append(
          "\(row["id"]!) \(kind) \(row["from"]!) -> \(row["to"]!) \(row["protocol"]!) \(row["port"] ?? "") via \(row["enters_at"] ?? "-")"
            + " expected \(expected), got \(answer.verdict)\n      \(path.joined(separator: "\n      "))")
      }
    }
    print("\(folder): \(agreed) agree, \(wrong.count) do not")
    #expect(wrong.isEmpty, "\(wrong.prefix(12).joined(separator: "\n"))")
  }

  private func question(_ row: [String: Any], _ network: VirtualNetwork) -> TraceQuestion {
    let ipProtocol =
      (row["protocol"] as? String).flatMap { IPProtocol($0) }
      ?? IPProtocol(rawValue: UInt8(row["protocol"] as! Int))
    let port: UInt16 =
      if ipProtocol.hasICMPKind {
        UInt16(row["icmp_type"] as? Int ?? 8) << 8 | UInt16(row["icmp_code"] as? Int ?? 0)
      } else {
        UInt16(row["port"] as? Int ?? 0)
      }
    func end(_ text: String) -> TraceQuestion.End {
      text == "internet" ? .internet : .address(IPAddress(text)!)
    }
    let entrance = (row["enters_at"] as? String).map { text -> TraceQuestion.Entrance in
      if text == "internet" { return .internet }
      if text.hasPrefix("vpc-") { return .vpc(ResourceID(text)) }
      if text.hasPrefix("subnet-") { return .subnet(ResourceID(text)) }
      let position = network.networkInterfaces.firstIndex {
        $0.id.rawValue == text || $0.instance?.rawValue == text
      }!
      return .interface(InterfaceIndex(position))
    }
    return TraceQuestion(
      from: end(row["from"] as! String), to: end(row["to"] as! String), entersAt: entrance,
      service: ServiceKey(ipProtocol, port: port), sourcePort: UInt16(row["from_port"] as? Int ?? 49152),
      isRoundTrip: row["round_trip"] as? Bool)
  }
}
