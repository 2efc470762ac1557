import CaptureFiles
import Foundation
import MetricAlarms
import PolicyAnalysis
import RuleMatching
import TestSupport
import Testing
import TrafficAudit
import TrafficMetrics
import TrafficSynthesis

@testable import Filtering
@testable import PolicyFormats
@testable import WireFormat

/// `docs/limits.md` says what the sources have.
@Suite struct LimitsPageTests {
  private static let limits: [String: Int] = [
    "CaptureLimits.recordLength": CaptureLimits.recordLength,
    "CaptureLimits.longRecordLength": CaptureLimits.longRecordLength,
    "CaptureLimits.blockLength": CaptureLimits.blockLength,
    "CaptureLimits.optionCount": CaptureLimits.optionCount,
    "CaptureLimits.interfaceTextLength": CaptureLimits.interfaceTextLength,
    "CaptureLimits.commentCount": CaptureLimits.commentCount,
    "CaptureLimits.interfaceCount": CaptureLimits.interfaceCount,
    "CaptureLimits.windowLength": CaptureLimits.windowLength,
    "CaptureLimits.lineLength": CaptureLimits.lineLength,
    "Encapsulation.limit": Encapsulation.limit,
    "IPv6Extensions.limit": IPv6Extensions.limit,
    "Tunnel.depthLimit": Tunnel.depthLimit,
    "ConnectionTracker.defaultLimit": ConnectionTracker.defaultLimit,
    "FragmentTable.limit": FragmentTable.limit,
    "JudgementMemo.limit": JudgementMemo.limit,
    "PathWalk.legLimit": Int(PathWalk.legLimit),
    "Tallies.denialGroupLimit": Tallies.denialGroupLimit,
    "MirrorDuplicates.limit": MirrorDuplicates.limit,
    "TunnelEnds.limit": TunnelEnds.limit,
    "FlowLogRecorder.recordLimit": FlowLogRecorder.recordLimit,
    "FlowLogRecorder.copyLimit": FlowLogRecorder.copyLimit,
    "FlowLogAudit.groupLimit": FlowLogAudit.groupLimit,
    "FlowLogAudit.pingLimit": FlowLogAudit.pingLimit,
    "MetricRecorder.quietLimit": MetricRecorder.quietLimit,
    "AlarmFile.limit": AlarmFile.limit,
    "AlarmRule.lengthLimit": AlarmRule.lengthLimit,
    "AlarmRule.elementLimit": AlarmRule.elementLimit,
    "AlarmRule.childLimit": AlarmRule.childLimit,
    "ReadingLimits.fileBytes": ReadingLimits().fileBytes,
    "ReadingLimits.files": ReadingLimits().files,
    "ReadingLimits.folderDepth": ReadingLimits().folderDepth,
    "JSONLimits.depth": JSONLimits().depth,
    "YAMLLimits.bytes": YAMLLimits().bytes,
    "YAMLLimits.depth": YAMLLimits().depth,
    "YAMLLimits.nodes": YAMLLimits().nodes,
    "YAMLLimits.repeatedNodes": YAMLLimits().repeatedNodes,
    "YAMLLimits.duplicateKeys": YAMLLimits().duplicateKeys,
    "CloudTrailReader.limit": CloudTrailReader.limit,
    "CompiledRules.defaultCellLimit": CompiledRules.defaultCellLimit,
    "ReachAnalyzer.kindLimit": ReachAnalyzer.kindLimit,
    "BoundaryTraffic.workLimit": BoundaryTraffic.workLimit,
    "BoundaryTraffic.blockLimit": BoundaryTraffic.blockLimit,
  ]

  /// The rows of the page's tables: value, constant and test.
  private static func rows() throws -> [(value: String, constant: String, test: String)] {
    let page = try String(contentsOf: Environment.project.appending(path: "docs/limits.md"), encoding: .utf8)
    return page.split(separator: "\n").compactMap { line in
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard line.hasPrefix("|"), cells.count == 5, cells[2].hasPrefix("`") else { return nil }
      return (cells[1], cells[2].filter { $0 != "`" }, cells[4])
    }
  }

  @Test func valuesAreThoseOfTheSources() throws {
    let rows = try Self.rows()
    for row in rows {
      let value = try #require(Self.limits[row.constant], "\(row.constant) is unknown to this test")
      #expect(row.value.filter { $0 != "," } == "\(value)", "\(row.constant)")
    }
    #expect(Set(rows.map(\.constant)) == Set(Self.limits.keys))
  }

  @Test func namedTestsExist() throws {
    let folder = Environment.project.appending(path: "Tests")
    let names = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    let tests = Set(names.map { ($0 as NSString).lastPathComponent })
    for row in try Self.rows() where row.test != "-" {
      #expect(tests.contains(row.test.filter { $0 != "`" } + ".swift"), "\(row.constant): \(row.test)")
    }
  }
}
