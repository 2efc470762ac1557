import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// What the tests of a network leave open: rules that none decides, and mutants of rules that none notices.
public struct PolicyCoverage: Sendable {
  /// One rule of a group or entry of an ACL.
  public struct Rule: Sendable, Hashable {
    public var owner: ResourceID
    public var direction: Direction
    public var id: String
    public var text: String
    /// Whether it decides of a packet that some test is about.
    public var isDecided: Bool
  }

  /// A mutant and what became of it.
  public struct Mutant: Sendable {
    public var mutation: RuleMutation
    public var fate: Fate
  }

  public enum Fate: Sendable, Hashable {
    /// A test fails because of it.
    case killed(by: String)
    /// No test fails, although this packet meets another fate.
    case survived(MutantWitness)
    /// No packet meets another fate.
    case equivalent
    /// No test fails, and whether any packet meets another fate was not found out.
    case undecided(String)
    /// Time was up.
    case untried
  }

  /// The network, as the test files name it.
  public var networkPaths: [String] = []
  /// Tests that passed; others cannot notice a mutant.
  public var tests = 0
  public var rules: [Rule] = []
  public var mutants: [Mutant] = []
  /// What people call groups and ACLs: `sg-0123 (web)`.
  public var titles: [ResourceID: String] = [:]

  public var decided: Int { rules.count { $0.isDecided } }
  public var killed: Int { count { if case .killed = $0 { true } else { false } } }
  public var survived: Int { count { if case .survived = $0 { true } else { false } } }
  public var equivalent: Int { count { $0 == .equivalent } }
  public var undecided: Int { count { if case .undecided = $0 { true } else { false } } }
  public var untried: Int { count { $0 == .untried } }

  private func count(_ matches: (Fate) -> Bool) -> Int { mutants.count { matches($0.fate) } }

  /// The share of mutants that are killed, of those that some packet tells from the original; nil if there are none.
  public var score: Double? {
    let told = killed + survived
    return told == 0 ? nil : Double(killed) / Double(told)
  }
}

/// A packet that tells a mutant from the original, as a claim that holds of the one and not of the other.
public struct MutantWitness: Sendable, Hashable {
  public var claim: PolicyClaim
  /// Whose addresses these are: `app-1 -> db-1`.
  public var ends: String
  /// What becomes of the packet by the mutant: `allow`, `deny` or `unknown`.
  public var mutantVerdict: PacketClass

  /// The claim as a test file has it: an item of its list of tests.
  public func yaml(name: String) -> String {
    func quoted(_ text: String) -> String { text.contains(":") ? "\"\(text)\"" : text }
    var lines = [
      "- name: \(Self.quoted(name))", "  from: \(quoted(claim.from.map(\.text).joined()))",
      "  to: \(quoted(claim.to.map(\.text).joined()))",
      "  \(claim.expectation.rawValue): \(claim.traffic.text)",
    ]
    if let port = claim.sourcePorts.first, claim.sourcePorts != .everyPort {
      lines.append("  from_port: \(port)")
    }
    return lines.map { $0 + "\n" }.joined()
  }

  /// A YAML string in double quotes.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value): result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
