import VirtualNetworks

/// Something that is wrong or wasteful in a network, with what would mend it.
public struct LintFinding: Sendable, Hashable {
  public enum Severity: String, Sendable, Hashable, CaseIterable, Comparable {
    case error, warning, info

    public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  }

  public var severity: Severity
  /// A stable word for programs: one of ``LintCode``, or the code of a ``ModelProblem``.
  public var code: String
  public var resource: ResourceID?
  /// The rule, entry or route: its id, number or destination.
  public var rule: String?
  /// What is wrong, one sentence.
  public var message: String
  /// What to do about it.
  public var fix: String
  public var location: SourceLocation

  public init(
    _ severity: Severity, _ code: LintCode, _ resource: ResourceID? = nil, rule: String? = nil,
    at location: SourceLocation = SourceLocation(), _ message: String, fix: String
  ) {
    self.init(
      severity: severity, code: code.rawValue, resource: resource, rule: rule, message: message, fix: fix,
      location: location)
  }

  public init(
    severity: Severity, code: String, resource: ResourceID?, rule: String?, message: String, fix: String,
    location: SourceLocation
  ) {
    self.severity = severity
    self.code = code
    self.resource = resource
    self.rule = rule
    self.message = message
    self.fix = fix
    self.location = location
  }
}

/// What the linter looks for.
public enum LintCode: String, Sendable, Hashable, CaseIterable {
  case openAdminPort = "open_admin_port"
  case openDatabasePort = "open_database_port"
  case exposureUnknown = "exposure_unknown"
  case repliesBlocked = "replies_blocked"
  case duplicateRule = "duplicate_rule"
  case redundantRule = "redundant_rule"
  case shadowedRule = "shadowed_rule"
  case overlappingRules = "overlapping_rules"
  case staleGroupReference = "stale_group_reference"
  case unreferencedPeer = "unreferenced_peer"
  case emptyPrefixList = "empty_prefix_list"
  case unattachedGroup = "unattached_group"
  case unusedACL = "unused_network_acl"
  case unusedRouteTable = "unused_route_table"
  case blackholeRoute = "blackhole_route"
  case overlappingBlocks = "overlapping_cidrs"
  case quotaExceeded = "quota_exceeded"
  case refused = "refused_by_aws"
  case notCompared = "not_compared"

  /// What a finding of this kind says, for lists of rules.
  public var summary: String {
    switch self {
    case .openAdminPort: "A port for administration is reachable from the internet."
    case .openDatabasePort: "A database is reachable from the internet."
    case .exposureUnknown: "Whether a port is reachable from the internet hangs on what the input lacks."
    case .repliesBlocked: "A network ACL admits requests whose replies it drops."
    case .duplicateRule: "Two rules of a list say the same."
    case .redundantRule: "Leaving the rule out changes no verdict."
    case .shadowedRule: "The rule never decides: others before it match all that it matches."
    case .overlappingRules: "Two rules match some of the same packets."
    case .staleGroupReference: "A rule refers to a group or peering that is gone."
    case .unreferencedPeer: "A rule refers to a group that no interface carries."
    case .emptyPrefixList: "A rule or route refers to a prefix list without entries."
    case .unattachedGroup: "A security group is attached to nothing."
    case .unusedACL: "A network ACL serves no subnet."
    case .unusedRouteTable: "A route table serves no subnet and no gateway."
    case .blackholeRoute: "A route leads to something that is gone or stopped."
    case .overlappingBlocks: "Blocks of connected VPCs overlap."
    case .quotaExceeded: "A quota of AWS is exceeded."
    case .refused: "AWS would refuse it."
    case .notCompared: "Something is too large to be looked at to the end."
    }
  }
}
