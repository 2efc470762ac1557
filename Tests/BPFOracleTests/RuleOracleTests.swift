import Foundation
import NetworkTypes
import RuleMatching
import TestSupport
import Testing
import WireFormat

/// libpcap's filters as oracle for decoder and matcher: rules in its language choose the same packets.
@Suite struct RuleOracleTests {
  /// Captures of other projects.
  static let shared: [String] = {
    let root = Environment.shared("captures/files")
    let paths = (try? FileManager.default.subpathsOfDirectory(atPath: root)) ?? []
    return paths.sorted().map { root + "/" + $0 }.filter {
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder) && !isFolder.boolValue
    }
  }()

  static let bundled = ["three-tier.pcap", "web-1.pcap", "db-1.pcapng"].map {
    Environment.fixture("captures/\($0)")
  }

  @Test(arguments: bundled) func bundledCaptures(path: String) {
    var tally = Tally()
    compare(path, sets: 12, &tally)
    #expect(tally.agreements > 200 && tally.matches > 100, "\(tally)")
  }

  @Test(
    .enabled(
      if: !shared.isEmpty, "../shared/data/captures is absent: other projects' captures are not compared"))
  func sharedCaptures() {
    var tally = Tally()
    for path in Self.shared { compare(path, sets: 4, &tally) }
    print("BPF oracle, \(Self.shared.count) shared captures: \(tally)")
    #expect(tally.agreements > 10_000 && tally.matches > 2_000, "\(tally)")
    // What is excused must stay the exception: of what the decoder reads nearly everything is compared.
    #expect(tally.excused(but: .undecoded) * 5 < tally.packets, "\(tally)")
  }

  @Test func madeCaptures() throws {
    var tally = Tally()
    for seed in 1...4 {
      let made = try MadeTraffic(seed: UInt64(seed))
      compare(made.path, sets: 4, &tally)
    }
    print("BPF oracle, made captures: \(tally)")
    #expect(tally.agreements > 10_000 && tally.matches > 2_000, "\(tally)")
  }

  private struct Tally: CustomStringConvertible {
    var packets = 0
    var headers = 0
    var agreements = 0
    var matches = 0
    var unfiltered = 0
    var differences: [ComparedCapture.Difference: Int] = [:]

    func excused(but one: ComparedCapture.Difference) -> Int {
      differences.reduce(0) { $0 + ($1.key == one ? 0 : $1.value) }
    }

    var description: String {
      let reasons = differences.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key.rawValue)" }
      return
        "\(packets) packets, \(headers) headers and \(agreements) verdicts compared, \(matches) of them matches; "
        + "not compared: \(reasons.joined(separator: ", ")), \(unfiltered) of link types without filters"
    }
  }

  private func compare(_ path: String, sets: Int, _ tally: inout Tally) {
    let name = path.split(separator: "/").suffix(3).joined(separator: "/")
    let capture = ComparedCapture(path: path)
    let compared = capture.packets.filter { $0.difference == nil }
    tally.packets += capture.packets.count
    tally.unfiltered += capture.unfiltered
    for packet in capture.packets {
      if let difference = packet.difference { tally.differences[difference, default: 0] += 1 }
    }
    guard !compared.isEmpty else { return }
    compareHeaders(compared, name, &tally)
    var random = SeededRandom.fresh("BPF \(name)")
    for _ in 0..<sets {
      var choices = RuleChoices(compared.map(\.summary), random)
      let rules = choices.rules()
      let direction: Direction = choices.isIngress ? .ingress : .egress
      random = choices.random
      compareRules(rules, direction, compared, name, &tally)
    }
  }

  /// What was decoded stands in the frame, as libpcap reads it.
  private func compareHeaders(_ packets: [ComparedCapture.Packet], _ name: String, _ tally: inout Tally) {
    var filters: [String: CarriedFilter?] = [:]
    for (index, packet) in packets.enumerated() {
      let expression = FilterExpression.header(packet.summary)
      let key = "\(packet.record.linkType.rawValue) \(expression)"
      if filters[key] == nil {
        // Compiling takes longest: packets of one flow share it, and long captures are sampled.
        guard filters.count < 400 else { continue }
        filters[key] = .some(CarriedFilter(expression, packet.record.linkType))
      }
      guard let filter = filters[key] ?? nil else {
        Issue.record("\(name): libpcap does not take \(expression)")
        continue
      }
      #expect(
        filter.matches(packet.frame, wireLength: packet.record.wireLength),
        "\(name), compared packet \(index + 1): libpcap does not find \(expression)")
      tally.headers += 1
    }
  }

  /// The first rule that matches is the first whose expression does.
  private func compareRules(
    _ rules: [ResolvedRule], _ direction: Direction, _ packets: [ComparedCapture.Packet], _ name: String,
    _ tally: inout Tally
  ) {
    let (compiled, end) = (CompiledRules(rules), direction == .ingress ? "src" : "dst")
    let expressions = rules.map { FilterExpression.rule($0, end) }
    var filters: [LinkType: [CarriedFilter]] = [:]
    // ICMP of the other IP version is a protocol number like any other to rules, and not to expressions.
    for packet in packets where !packet.summary.isStrayICMP {
      let linkType = packet.record.linkType
      if filters[linkType] == nil {
        filters[linkType] = expressions.compactMap { CarriedFilter($0, linkType) }
        #expect(filters[linkType]!.count == rules.count, "\(name): libpcap does not take \(expressions)")
      }
      guard let programs = filters[linkType], programs.count == rules.count else { continue }
      let expected = programs.firstIndex { $0.matches(packet.frame, wireLength: packet.record.wireLength) }
      let ends = packet.summary.addresses
      let found = compiled.firstMatch(
        remote: direction == .ingress ? ends.source : ends.destination,
        service: ServiceKey(packet.summary.ipProtocol, port: packet.summary.destinationPort))
      if found != expected {
        let rule = (expected ?? found).map { expressions[$0] } ?? ""
        Issue.record(
          "\(name): \(packet.summary): found rule \(found ?? -1), libpcap \(expected ?? -1): \(rule)")
      }
      tally.agreements += 1
      if expected != nil { tally.matches += 1 }
    }
  }
}

extension PacketSummary {
  fileprivate var isStrayICMP: Bool { ipProtocol == (addresses.family == .v4 ? .icmpv6 : .icmp) }
}
