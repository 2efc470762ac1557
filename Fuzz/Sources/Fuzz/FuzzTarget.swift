import Foundation

/// The readers that are fuzzed, by what they read.
enum FuzzTarget: String, CaseIterable {
  case pcap, pcapng, packets, aws, yaml
  case policyTests = "policy-tests"
  case rules
  case flowLogs = "flow-logs"
  case questions, events, alarms, prices

  /// The target that the environment names.
  static let chosen: FuzzTarget = {
    let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
      fatalError("FUZZ_TARGET=\(name): expected \(allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return target
  }()

  /// Reads one input; whatever is wrong in a way that it must not be ends the process.
  func run(_ bytes: [UInt8]) {
    switch self {
    case .pcap, .pcapng: CaptureTarget.run(bytes)
    case .packets: PacketTarget.run(bytes)
    case .aws: NetworkTarget.runFile(bytes)
    case .yaml: NetworkTarget.runYAML(bytes)
    case .policyTests: PolicyTestTarget.run(bytes)
    case .rules: RuleTarget.run(bytes)
    case .flowLogs: FlowLogTarget.run(bytes)
    case .questions: QuestionTarget.run(bytes)
    case .events: EventTarget.run(bytes)
    case .alarms: DocumentTarget.runAlarms(bytes)
    case .prices: DocumentTarget.runPrices(bytes)
    }
  }
}

/// Ends the process unless something holds that must hold for every input; libFuzzer keeps the input.
func require(_ condition: Bool, _ message: @autoclosure () -> String) {
  if !condition { fatalError(message()) }
}
