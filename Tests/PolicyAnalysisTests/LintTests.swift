import NetworkTypes
import PolicyAnalysis
import PolicyFormats
import RuleMatching
import Testing
import VirtualNetworks

/// For each finding a network that has it, and one that almost has it.
@Suite struct LintTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var code: LintCode
    /// A network with the finding.
    var with: String
    /// The same, but for what makes the finding.
    var without: String
    /// A part of the finding's message.
    var says: String
    var testDescription: String { "\(code.rawValue): \(says)" }

    init(_ code: LintCode, _ with: String, _ change: (String, String), says: String) {
      self.code = code
      self.with = with
      without = with.replacing(change.0, with: change.1)
      self.says = says
    }
  }

  private static func network(rules: String = "all from 10.0.0.0/16", public address: String = "") -> String {
    """
    vpcs: {v: {cidr: 10.0.0.0/16, subnets: {s: {cidr: 10.0.0.0/24, routes: r}}, route_tables: {r: {0.0.0.0/0: internet}}}}
    security_groups: {g: {inbound: [\(rules)], outbound: [all to 0.0.0.0/0]}}
    instances: {a: {subnet: s, private_ip: 10.0.0.4, \(address)groups: [g], key_pair: ops}}
    """
  }

  /// A route through an instance in a state.
  private static func hop(_ state: String, _ target: String) -> String {
    """
    vpcs: {v: {cidr: 10.0.0.0/16, subnets: {s: {cidr: 10.0.0.0/24, routes: r}}, route_tables: {r: {0.0.0.0/0: \(target)}}}}
    security_groups: {g: {inbound: [all from 10.0.0.0/16], outbound: [all to 0.0.0.0/0]}}
    instances: {n: {subnet: s, private_ip: 10.0.0.4, groups: [g], source_dest_check: false, state: \(state)}}
    """
  }

  private static func acl(inbound: String, outbound: String) -> String {
    """
    vpcs:
      v:
        cidr: 10.0.0.0/16
        subnets: {s: {cidr: 10.0.0.0/24, routes: r, acl: n}}
        route_tables: {r: {0.0.0.0/0: internet}}
        network_acls: {n: {inbound: [\(inbound)], outbound: [\(outbound)]}}
    security_groups: {g: {inbound: [tcp 443 from 0.0.0.0/0], outbound: [all to 0.0.0.0/0]}}
    instances: {a: {subnet: s, private_ip: 10.0.0.4, public_ip: 198.51.100.4, groups: [g]}}
    """
  }

  static let rows: [Row] = [
    // Rules of groups.
    Row(
      .redundantRule, network(rules: "tcp 80-90 from 10.0.0.0/8, tcp 85 from 10.1.0.0/16"),
      ("tcp 85", "tcp 91"),
      says: "\"tcp 80-90 from 10.0.0.0/8\" (inbound-1) allows all of it"),
    Row(
      .redundantRule,
      network(rules: "tcp 80 from 10.0.0.0/9, tcp 80 from 10.128.0.0/9, tcp 80 from 10.0.0.0/8"),
      (", tcp 80 from 10.0.0.0/8", ""), says: "allows all of it"),
    Row(
      .redundantRule,
      network(rules: "tcp 80-84 from 10.0.0.0/8, tcp 85-90 from 10.0.0.0/8, tcp 82-87 from 10.0.0.0/9"),
      ("tcp 85-90", "tcp 86-90"), says: "other rules of the group together allow all of it"),
    Row(
      .redundantRule, network(rules: "tcp 22 from sg/g, tcp any from 10.0.0.4/32"),
      ("10.0.0.4/32", "10.0.0.5/32"),
      says: "as the members of sg-g (g) are now"),
    // CT-4: a rule for everybody makes flows untracked, halves do not.
    Row(
      .redundantRule, network(rules: "tcp 80 from 0.0.0.0/0, tcp 80 from 10.0.0.0/8"), ("10.0.0.0/8", "::/0"),
      says: "\"tcp 80 from 10.0.0.0/8\" changes nothing"),
    Row(
      .duplicateRule, network(rules: "udp 53 from 10.0.0.0/8, udp 53 from 10.0.0.0/8"),
      ("udp 53 from 10.0.0.0/8, ", ""),
      says: "stands there twice"),
    Row(
      .overlappingRules, network(rules: "tcp 80-90 from 10.0.0.0/8, tcp 85-95 from 10.0.0.0/8"),
      ("85-95", "91-95"),
      says: "match some of the same packets"),
    Row(
      .staleGroupReference, network(rules: "tcp 22 from sg-gone"), ("sg-gone", "sg-g"),
      says: "which is not in the input"),
    Row(
      .staleGroupReference,
      network(rules: "{rule: tcp 22 from sg-far, vpc: vpc-far, peering_status: deleted}"),
      ("deleted", "active"),
      says: "over a peering connection that is deleted"),
    Row(
      .unreferencedPeer, network(rules: "tcp 22 from sg/h").replacing("}}\ninst", with: "}, h: {}}\ninst"),
      ("sg/h", "sg/g"), says: "which no interface carries"),
    Row(
      .emptyPrefixList, network(rules: "tcp 22 from pl/l") + "\nprefix_lists: {l: []}",
      ("{l: []}", "{l: [10.9.0.0/16]}"), says: "has no entries"),
    Row(
      .unattachedGroup, network().replacing("}}\ninst", with: "}, h: {}}\ninst"), ("[g]", "[g, h]"),
      says: "sg-h (h) is attached to nothing"),
    // Entries of ACLs.
    Row(
      .shadowedRule,
      acl(
        inbound: "10 deny tcp 1-100 from 10.0.0.0/8, 20 allow tcp 22 from 10.1.0.0/16",
        outbound: "1 allow all to 0.0.0.0/0"),
      ("1-100", "1-21"), says: "\"10 deny tcp 1-100 from 10.0.0.0/8\" comes first"),
    Row(
      .redundantRule,
      acl(
        inbound: "10 allow tcp 443 from 10.0.0.0/8, 20 allow all from 0.0.0.0/0",
        outbound: "1 allow all to 0.0.0.0/0"),
      ("10 allow", "10 deny"), says: "later entries decide in the same way"),
    Row(
      .redundantRule,
      acl(
        inbound: "10 allow tcp 443 from 10.0.0.0/8, 20 deny all from 192.168.0.0/16",
        outbound: "1 allow all to 0.0.0.0/0"),
      ("20 deny", "5 deny tcp 443 from 10.0.0.0/8, 6 allow all from 192.168.0.0/17, 20 deny"),
      says: "what no entry allows is denied anyway"),
    Row(
      .shadowedRule,
      acl(
        inbound: "10 allow tcp 443 from 0.0.0.0/0, 20 deny all from 10.0.0.0/8",
        outbound: "1 allow all to 0.0.0.0/0"),
      ("20 deny", "5 deny"), says: "comes first and lets some of it through"),
    Row(
      .repliesBlocked,
      acl(inbound: "10 allow tcp 443 from 0.0.0.0/0", outbound: "10 allow tcp 32768-65535 to 0.0.0.0/0"),
      ("32768-65535", "1024-65535"), says: "\"10 allow tcp 443 from 0.0.0.0/0\" lets requests"),
    Row(
      .repliesBlocked,
      acl(inbound: "10 allow tcp 443 from 0.0.0.0/0", outbound: "10 allow tcp 443 to 0.0.0.0/0"),
      ("tcp 443 to", "all to"), says: "\"10 allow tcp 443 from 0.0.0.0/0\" lets requests"),
    // What the internet reaches.
    Row(
      .openAdminPort, network(rules: "tcp 22 from 0.0.0.0/0", public: "public_ip: 198.51.100.4, "),
      ("public_ip: 198.51.100.4, ", ""),
      says: "on SSH (tcp 22) over IPv4, with the key pair \"ops\"; path: igw-v"),
    Row(
      .openAdminPort, network(rules: "tcp 3389 from 0.0.0.0/0", public: "public_ip: 198.51.100.4, "),
      ("0.0.0.0/0: internet", "10.9.0.0/16: internet"), says: "RDP (tcp 3389)"),
    Row(
      .openAdminPort, network(rules: "tcp 22 from 203.0.113.0/24", public: "public_ip: 198.51.100.4, "),
      ("tcp 22", "tcp 24"), says: "reachable from 256 addresses of the internet (203.0.113.0/24)"),
    Row(
      .openDatabasePort, network(rules: "tcp 5000-6000 from 0.0.0.0/0", public: "public_ip: 198.51.100.4, "),
      ("5000-6000", "5433-6000"), says: "PostgreSQL (tcp 5432)"),
    // Routes and blocks.
    Row(
      .blackholeRoute,
      network().replacing("0.0.0.0/0: internet", with: "0.0.0.0/0: {to: igw-x, blackhole: true}"),
      ("blackhole: true", "blackhole: false"), says: "the route to 0.0.0.0/0 leads to igw-x, which is gone"),
    // LC-9: through a stopped instance nothing goes.
    Row(
      .blackholeRoute, hop("stopped", "instance/n"), ("state: stopped", "state: running"),
      says: "the route to 0.0.0.0/0 leads to i-n (n), which is stopped"),
    Row(
      .blackholeRoute, hop("terminated", "eni/n"), ("state: terminated", "state: stopping"),
      says: "leads to eni-n of i-n (n), which is terminated"),
    Row(
      .overlappingBlocks,
      "vpcs: {a: {cidr: 10.0.0.0/16}, b: {cidr: 10.0.128.0/17}}\npeering_connections: {p: {requester: a, accepter: b}}",
      ("10.0.128.0/17", "10.1.128.0/17"), says: "10.0.0.0/16 of vpc-a (a) overlaps 10.0.128.0/17 of vpc-b (b)"
    ),
    Row(
      .unusedACL,
      "vpcs: {v: {cidr: 10.0.0.0/16, subnets: {s: {cidr: 10.0.0.0/24}}, network_acls: {n: {inbound: [], outbound: []}}}}",
      ("10.0.0.0/24}", "10.0.0.0/24, acl: n}"), says: "serves no subnet"),
    Row(
      .unusedRouteTable,
      "vpcs: {v: {cidr: 10.0.0.0/16, subnets: {s: {cidr: 10.0.0.0/24}}, route_tables: {n: {}}}}",
      ("10.0.0.0/24}", "10.0.0.0/24, routes: n}"), says: "serves no subnet and no gateway"),
    // AD-1, AD-5, NACL-3, RT-9.
    Row(
      .refused, "vpcs: {v: {cidr: 10.0.0.0/15}}", ("/15", "/16"), says: "10.0.0.0/15 is no block for a VPC"),
    Row(
      .refused, "vpcs: {v: {cidr: 10.0.0.0/16, subnets: {s: {cidr: 10.0.0.0/29}}}}", ("/29", "/28"),
      says: "10.0.0.0/29 is no block for a subnet"),
    Row(
      .refused,
      acl(
        inbound: "32766 allow tcp 443 from 0.0.0.0/0, 40000 allow all from 0.0.0.0/0",
        outbound: "1 allow all to 0.0.0.0/0"),
      ("40000 allow", "32767 deny"), says: "has a number that AWS does not take"),
    Row(
      .refused, network().replacing("0.0.0.0/0: internet", with: "169.254.169.0/24: internet"),
      ("169.254.169.0", "169.254.0.0"),
      says: "belongs to services of the platform"),
    // SG-34 to SG-37, NACL-15.
    Row(
      .quotaExceeded, network(rules: (1...61).map { "tcp \($0) from 10.0.0.0/8" }.joined(separator: ", ")),
      ("tcp 61 from 10.0.0.0/8", "tcp 61 from ::/0"), says: "61 inbound rules for IPv4"),
    Row(
      .quotaExceeded,
      network(rules: "tcp 1 from pl/l, tcp 2 from ::/0")
        + "\nprefix_lists: {l: {entries: 10.9.0.0/16, max_entries: 61}}",
      ("max_entries: 61", "max_entries: 60"), says: "61 inbound rules for IPv4"),
    Row(
      .quotaExceeded,
      network().replacing("}}\ninst", with: "}, h1: {}, h2: {}, h3: {}, h4: {}, h5: {}}\ninst")
        .replacing("[g]", with: "[g, h1, h2, h3, h4, h5]"), (", h4, h5]", ", h4]"),
      says: "6 security groups on one interface"),
    Row(
      .quotaExceeded,
      acl(
        inbound: (1...21).map { "\($0) allow tcp \($0) from 10.0.0.0/8" }.joined(separator: ", "),
        outbound: "1 allow all to 0.0.0.0/0"),
      ("21 allow tcp 21 from 10.0.0.0/8", "32767 deny all from 0.0.0.0/0"), says: "21 inbound entries"),
  ]

  private func findings(_ text: String) throws -> [LintFinding] {
    NetworkLinter(try VirtualNetwork(yaml: text)).findings()
  }

  @Test(arguments: rows)
  func aFindingIsThereAndAlmostThere(_ row: Row) throws {
    let found = try findings(row.with)
    #expect(
      found.contains { $0.code == row.code.rawValue && $0.message.contains(row.says) },
      "\(found.map(\.message))")
    #expect(row.with != row.without)
    let almost = try findings(row.without)
    #expect(
      !almost.contains { $0.code == row.code.rawValue && $0.message.contains(row.says) },
      "\(almost.map(\.message))")
  }

  @Test func everyFindingSaysHowToMendIt() throws {
    for row in Self.rows {
      for finding in try findings(row.with) {
        #expect(!finding.fix.isEmpty && !finding.message.isEmpty && !finding.code.isEmpty)
      }
    }
  }

  @Test func problemsOfTheInputAreFindings() throws {
    let text = "vpcs: {v: {cidr: 10.0.0.0/16, subnets: {a: {cidr: 10.0.0.0/24}, b: {cidr: 10.0.0.128/25}}}}"
    let found = try findings(text)
    let finding = try #require(found.first { $0.code == "overlapping_subnets" })
    #expect(finding.severity == .error && finding.resource == "subnet-v-b")
    #expect(finding.location.description.hasPrefix("network.yaml:1:"))
  }

  @Test func theRuleThatLetsTheMostInIsNamed() throws {
    for (rules, name) in [
      ("tcp 22 from 203.0.113.0/24, tcp 22 from 0.0.0.0/0", "inbound-2"),
      ("tcp 22 from 0.0.0.0/0, tcp 22 from 203.0.113.0/24", "inbound-1"),
      ("tcp 22 from 203.0.113.0/24, tcp 22 from 0.0.0.0/1, tcp 22 from 192.0.0.0/2", "inbound-2"),
    ] {
      let found = try findings(Self.network(rules: rules, public: "public_ip: 198.51.100.4, "))
      let finding = try #require(found.first { $0.code == "open_admin_port" }, "\(rules)")
      #expect(finding.severity == .error)
      #expect(finding.rule?.hasSuffix("/\(name)") == true, "\(rules): \(finding.rule ?? "")")
    }
  }

  @Test func aPublicAddressBehindAClosedACLIsNotReachable() throws {
    let open = Self.acl(inbound: "10 allow all from 0.0.0.0/0", outbound: "10 allow all to 0.0.0.0/0")
      .replacing("tcp 443 from", with: "tcp 22 from")
    #expect(try findings(open).contains { $0.code == "open_admin_port" && $0.severity == .error })
    // The reply does not come back: nobody can log in.
    let closed = open.replacing("10 allow all to 0.0.0.0/0", with: "10 allow all to 10.0.0.0/8")
    #expect(try !findings(closed).contains { $0.code == "open_admin_port" })
    // A client may take any port: replies to port 443 are enough for who sends from it.
    let narrow = open.replacing("10 allow all to", with: "10 allow tcp 443 to")
    #expect(try findings(narrow).contains { $0.code == "open_admin_port" && $0.severity == .error })
  }
}
