import SallyportTesting
import TestSupport
import Testing

/// Claims as Swift tests write them.
@Suite("Claims in Swift")
struct ClaimFunctionTests {
  static let network = try! TestedNetwork(contentsOf: Environment.fixture("networks/three-tier"))

  @Test("What holds in a test file holds here, and the other way round")
  func holds() {
    let network = Self.network
    #expect(
      network.allows("tcp/443", from: "203.0.113.7", to: ["web-1", "web-2"], fromPort: 1024...65535).holds)
    #expect(
      network.denies(["tcp/any", "udp/any"], from: "web-*", to: "db-1", because: [.groupRulesMismatch]).holds)
    #expect(network.allows("tcp/5432", from: "app-1", to: "db-1", roundTrip: false).holds)
    #expect(!network.allows("tcp/5432", from: "app-1", to: "db-1").holds)
    #expect(!network.denies("tcp/any", from: "web-*", to: "db-1", because: [.noRoute]).holds)
  }

  @Test("A failure tells the packet, what decided it and the command that shows it")
  func explanation() {
    let result = Self.network.denies(["tcp/5432", "tcp/443"], from: "sg/app", to: "db-1")
    #expect(result.failures.count == 1)
    let text = "\(result)"
    #expect(
      text.hasPrefix("claimed: deny tcp/5432 from sg/app to db-1\nbut this packet gets through: tcp 10.20.1"))
    #expect(text.contains("show it with: sallyport trace -n "))
    #expect(text == String(reflecting: result))
  }

  @Test("A failed expectation carries the explanation")
  func issue() {
    withKnownIssue {
      #expect(Self.network.denies("tcp/25", from: "app-1", to: "internet").holds)
    } matching: { issue in
      "\(issue)".contains("this packet gets through: tcp 10.20.10.30:49152 -> ")
    }
  }

  @Test(
    "What cannot be checked does not hold, whatever is claimed",
    arguments: [
      (["tcp/any"], ["nobody"], ["db-1"], "nobody"), (["tcp"], ["web-1"], ["db-1"], "expected tcp/443"),
      (["tcp/1"], ["10.0.0.256"], ["db-1"], "10.0.0.256"), (["tcp/1"], ["web-1"], ["web-1"], "no packet"),
      ([], ["web-1"], ["db-1"], "no traffic"), (["tcp/1"], [], ["db-1"], "from: no selector"),
      (["tcp/1"], ["web-1"], [], "to: no selector"),
    ]) func problems(row: ([String], [String], [String], String))
  {
    let (traffic, from, to) = (Words(row.0), Words(row.1), Words(row.2))
    for result in [
      Self.network.allows(traffic, from: from, to: to), Self.network.denies(traffic, from: from, to: to),
    ] {
      #expect(!result.holds && "\(result)".hasPrefix("cannot be checked: ") && "\(result)".contains(row.3))
    }
  }

  @Test("A network that contradicts itself is refused")
  func badNetworks() throws {
    #expect(throws: TestedNetworkError.self) { try TestedNetwork(contentsOf: "/nowhere") }
    #expect(throws: TestedNetworkError.self) { try TestedNetwork(yaml: "vpcs: {a: {cidr: 10.0.0.0/99}}") }
    let written = try TestedNetwork(
      yaml: """
        vpcs: {v: {cidr: 10.0.0.0/16, subnets: {a: {cidr: 10.0.0.0/24}}}}
        security_groups: {g: {inbound: [tcp 22 from sg/g]}}
        instances:
          one: {subnet: a, private_ip: 10.0.0.10, groups: [g]}
          two: {subnet: a, private_ip: 10.0.0.11, groups: [g]}
        """)
    #expect(written.allows("tcp/22", from: "one", to: "two").holds)
    #expect(written.denies("tcp/23", from: "one", to: "two").holds)
  }
}
