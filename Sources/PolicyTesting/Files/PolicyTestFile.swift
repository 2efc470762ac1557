import PolicyAnalysis
import PolicyFormats
import VirtualNetworks

/// A file of policy tests, read but not yet held against its network.
public struct PolicyTestFile: Sendable {
  /// As the user names it.
  public var path: String
  /// Paths of the network, as a command run where the tests are run would name them.
  public var networkPaths: [String]
  /// Where the file names its network, if it does.
  public var networkLocation: SourceLocation?
  public var tests: [PolicyTest]

  public init(
    path: String, networkPaths: [String], networkLocation: SourceLocation? = nil, tests: [PolicyTest]
  ) {
    self.path = path
    self.networkPaths = networkPaths
    self.networkLocation = networkLocation
    self.tests = tests
  }
}

/// One named test.
public struct PolicyTest: Sendable {
  public enum Content: Sendable {
    case claims([PolicyClaim])
    case scenario(Scenario)
    case capture(CaptureLimitCheck)
  }

  public var name: String
  public var location: SourceLocation
  public var content: Content

  public init(name: String, location: SourceLocation, content: Content) {
    self.name = name
    self.location = location
    self.content = content
  }
}

/// Upper limits on what a capture may hold.
public struct CaptureLimitCheck: Sendable, Hashable {
  /// As a command run where the tests are run would name it.
  public var path: String
  public var denied: Int?
  public var unknown: Int?
  public var unplaced: Int?
  public var undecoded: Int?
  public var location: SourceLocation
}
