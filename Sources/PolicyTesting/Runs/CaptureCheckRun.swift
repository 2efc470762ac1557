import CaptureFiles
import Filtering
import NetworkTypes
import PolicyFormats
import TrafficAudit
import VirtualNetworks
import WireFormat

extension TestedNetwork {
  /// Audits a capture and holds what was found against limits; throws if it cannot be read to its end.
  public func failures(of check: CaptureLimitCheck) throws(YAMLProblem) -> [TestFailure] {
    let report: AuditReport
    do {
      report = try audit(check.path)
    } catch { throw YAMLProblem(at: check.location, "\(error)") }
    let judged = report.packets[.allow] + report.packets[.deny] + report.packets[.unknown]
    guard judged > 0 else {
      throw YAMLProblem(
        at: check.location,
        "\(check.path): no packet of the capture (\(report.packets.total) in all) belongs to the network")
    }
    let limits: [(name: String, limit: Int?, PacketClass)] = [
      ("denied", check.denied, .deny), ("unknown", check.unknown, .unknown),
      ("unplaced", check.unplaced, .unplaced), ("undecoded", check.undecoded, .undecoded),
    ]
    return limits.compactMap { name, limit, packetClass in
      guard let limit, report.packets[packetClass] > limit else { return nil }
      return failure(check, name, limit, packetClass, report)
    }
  }

  private func failure(
    _ check: CaptureLimitCheck, _ name: String, _ limit: Int, _ packetClass: PacketClass,
    _ report: AuditReport
  ) -> TestFailure {
    let count = report.packets[packetClass]
    var failure = TestFailure(
      "at most \(limit) \(name) in \(check.path)", at: check.location,
      finding: "\(count) packet\(count == 1 ? " is" : "s are") \(name)")
    switch packetClass {
    case .deny:
      if let first = report.denials.min(by: { $0.firstFrame < $1.firstFrame }) {
        failure.packet = "frame \(first.firstFrame)"
        failure.stage = first.stage.description
        failure.code = first.code.rawValue
        failure.resource = first.interface?.rawValue
        failure.explanation = first.explanation
      }
    case .unknown: failure.missing = report.unknowns.map(\.explanation)
    case .undecoded: failure.explanation = report.undecoded.first.map { "\($0.stop.layer): \($0.stop)" }
    default: break
    }
    failure.command = ["audit", check.path] + paths.flatMap { ["-n", $0] }
    return failure
  }

  func audit(_ path: String) throws(CaptureError) -> AuditReport {
    var reader = try CaptureReader(path: path)
    let decoder = PacketDecoder(decapsulates: true)
    var auditor = Auditor(filter)
    var batch = PacketBatch()
    while try reader.advance() {
      batch.removeAll()
      decoder.decode(reader.bytes, reader.records, into: &batch)
      auditor.audit(batch)
    }
    return AuditReport(auditor)
  }
}
