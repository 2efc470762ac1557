import VirtualNetworks

/// Why a test did not pass: one packet for which things are not as claimed, and what decided.
public struct TestFailure: Sendable, Hashable {
  /// What was claimed: `deny tcp/any from web-1 to db-1`.
  public var claim: String
  public var location: SourceLocation
  /// What is the case instead: `this packet gets through`.
  public var finding: String
  /// The packet: `tcp 10.0.1.10:49152 -> 10.0.2.10:5432`.
  public var packet: String?
  /// Whose addresses these are: `app-1 -> db-1`.
  public var ends: String?
  /// How many packets are like it.
  public var alike: String?
  /// Where it was decided: `destination_security_group`.
  public var stage: String?
  public var code: String?
  /// The interface, ACL, table or gateway that decided.
  public var resource: String?
  /// The rule that decided, as records name it: `sg-1/sgr-2`, `acl-1/100`.
  public var rule: String?
  /// Whether the reply was stopped, not the request.
  public var isReply = false
  /// One sentence that says why.
  public var explanation: String?
  /// What the network's description lacks for a certain answer.
  public var missing: [String] = []
  /// The arguments of a `sallyport` command that shows the packet's way.
  public var command: [String] = []
  /// What may be meant instead.
  public var hint: String?

  init(_ claim: String, at location: SourceLocation, finding: String) {
    self.claim = claim
    self.location = location
    self.finding = finding
  }

  /// The command as a shell reads it.
  public var commandLine: String? {
    command.isEmpty ? nil : "sallyport " + command.map(Self.quoted).joined(separator: " ")
  }

  private static func quoted(_ word: String) -> String {
    let plain = word.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        || "-_./:,=@%+".utf8.contains(byte)
    }
    return plain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }
}
