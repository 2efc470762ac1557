import NetworkTypes
import TestSupport
import Testing
import VirtualNetworks

/// What selectors stand for, in the network that semantics.md uses in its examples with some names added.
@Suite struct SelectorTests {
  private static let network: VirtualNetwork = {
    var scene = SemanticsNetwork()
    scene.addHost("extra", "subnet-priv", "10.0.1.77")
    for (index, host) in ["web", "app", "app2"].enumerated() {
      scene.interface(ResourceID("eni-" + host)) {
        $0.instance = ResourceID("i-\(index)")
        $0.deviceIndex = 0
      }
    }
    // The second interface of app2's instance comes first by id.
    scene.interface("eni-extra") {
      $0.id = "eni-aaa"
      $0.instance = "i-2"
      $0.deviceIndex = 1
    }
    var network = scene.network
    func named(_ name: String) -> ResourceAttributes { ResourceAttributes(tags: [Tag("Name", name)]) }
    network.instances = [
      Instance(id: "i-0", networkInterfaces: ["eni-web"], attributes: named("web-1")),
      Instance(id: "i-1", networkInterfaces: ["eni-app"], attributes: named("app-1")),
      Instance(id: "i-2", networkInterfaces: ["eni-aaa", "eni-app2"], attributes: named("app-2")),
    ]
    network.subnets[0].attributes = named("public")
    network.subnets[1].attributes = named("private")
    network.vpcs[0].attributes = named("shop")
    network.vpcs[1].attributes = named("private")
    network.networkACLs[0].attributes = named("web-1")
    network.natGateways[0].attributes = named("nat-a")
    network.networkInterfaces.sort { $0.id < $1.id }
    return network
  }()
  private static let resolver = SelectorResolver(network)

  private func covered(_ text: String) throws -> [String] {
    let coverage = try Self.resolver.coverage(of: Selector(text))
    return coverage.interfaces.map { Self.network.networkInterfaces[$0].id.rawValue }
      + coverage.prefixes.map(\.description) + (coverage.isInternet ? ["internet"] : [])
  }

  private func end(_ text: String) throws -> String {
    switch try Self.resolver.end(of: Selector(text)) {
    case .address(let address): address.description
    case .interface(let position): Self.network.networkInterfaces[position].id.rawValue
    case .internet: "internet"
    }
  }

  struct Row: Sendable {
    var text: String
    var covers: [String]
    init(_ text: String, _ covers: [String]) {
      self.text = text
      self.covers = covers
    }
  }

  @Test(arguments: [
    Row("internet", ["internet"]),
    Row("10.0.0.10", ["10.0.0.10/32"]),
    Row("2001:db8::1", ["2001:db8::1/128"]),
    Row("10.0.0.77/24", ["10.0.0.0/24"]),
    Row("i-2", ["eni-aaa", "eni-app2"]),
    Row("eni-db", ["eni-db"]),
    Row("subnet-priv", ["eni-aaa", "eni-app", "eni-app2"]),
    Row("vpc-b", ["eni-b"]),
    Row("sg-web", ["eni-web"]),
    Row("nat-1", ["eni-nat"]),
    Row("nat-a", ["eni-nat"]),
    Row("igw-1", ["internet"]),
    Row("pcx-1", ["eni-aaa", "eni-app", "eni-app2", "eni-b", "eni-db", "eni-nat", "eni-web"]),
    Row("web-1", ["eni-web"]),
    Row("app-*", ["eni-aaa", "eni-app", "eni-app2"]),
    Row("*-1", ["eni-app", "eni-web"]),
    Row("instance/*", ["eni-aaa", "eni-app", "eni-app2", "eni-web"]),
    Row("sg/web", ["eni-web"]),
    Row("subnet/public", ["eni-nat", "eni-web"]),
    Row("subnet/private", ["eni-aaa", "eni-app", "eni-app2"]),
    Row("vpc/private", ["eni-b"]),
    Row("instance/app-2", ["eni-aaa", "eni-app2"]),
    Row("nat/nat-a", ["eni-nat"]),
  ]) func covers(row: Row) throws {
    #expect(try covered(row.text) == row.covers)
  }

  @Test func endsOfATrace() throws {
    #expect(try end("internet") == "internet")
    #expect(try end("igw-1") == "internet")
    #expect(try end("10.0.2.10") == "10.0.2.10")
    #expect(try end("web-1") == "eni-web")
    #expect(try end("sg/web") == "eni-web")
    // The primary interface, though it is listed last.
    #expect(try end("app-2") == "eni-app2")
    #expect(try end("i-2") == "eni-app2")
    // The only interface of a block; its first host where there is none.
    #expect(try end("10.0.2.0/24") == "10.0.2.10")
    #expect(try end("203.0.113.0/24") == "203.0.113.1")
    #expect(try end("203.0.113.8/31") == "203.0.113.8")
    #expect(try end("2001:db8:1::/64") == "2001:db8:1::1")
  }

  @Test(arguments: [
    "subnet-priv": "eni-aaa (app-2, 10.0.1.77), eni-app (app-1, 10.0.1.10), eni-app2 (app-2, 10.0.1.11)",
    "10.0.1.0/24": "eni-app (app-1, 10.0.1.10), eni-app2 (app-2, 10.0.1.11), eni-aaa (app-2, 10.0.1.77)",
    "app-*": "eni-aaa (app-2, 10.0.1.77), eni-app (app-1, 10.0.1.10), eni-app2 (app-2, 10.0.1.11)",
  ]) func severalInterfacesAreNoEnd(text: String, candidates: String) throws {
    let error = #expect(throws: SelectorError.self) { try end(text) }
    #expect(error?.description == "\"\(text)\" is ambiguous: found \(candidates); expected one of them")
  }

  @Test func aNameOfTwoThingsIsAmbiguous() throws {
    let error = #expect(throws: SelectorError.self) { try covered("private") }
    #expect(
      error == .ambiguous("private", candidates: ["subnet/private (subnet-priv)", "vpc/private (vpc-b)"]))
  }

  @Test func twoResourcesOfOneNameAreAmbiguous() throws {
    var network = Self.network
    network.securityGroups[1].groupName = "web"
    let resolver = SelectorResolver(network)
    #expect(throws: SelectorError.ambiguous("sg/web", candidates: ["sg/web (sg-web)", "sg/web (sg-app)"])) {
      try resolver.coverage(of: Selector("sg/web"))
    }
  }

  @Test func anInterfaceWithItsInstancesNameIsTheSameThing() throws {
    var network = Self.network
    let index = try #require(network.networkInterfaces.firstIndex { $0.id == "eni-app2" })
    network.networkInterfaces[index].attributes.tags = [Tag("Name", "app-2")]
    let end = try SelectorResolver(network).end(of: Selector("app-2"))
    #expect(end == .interface(index))
  }

  @Test(arguments: [
    "web-2": ["web-1", "web"], "wbe-1": ["web-1"], "sg/wep": ["sg/web"],
    "i-9": ["i-0", "i-1", "i-2"],
    "subnet/publik": ["subnet/public"], "App-1": ["app-1", "app-2"], "shop-main": ["shop"],
  ]) func unknownNamesListTheNearest(text: String, nearest: [String]) throws {
    let error = #expect(throws: SelectorError.self) { try covered(text) }
    guard case .unknown(_, let names, true)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(nearest.allSatisfy(names.contains), "\(names)")
    #expect(names.first == nearest.first)
  }

  @Test func whereNothingIsNearAllIsListed() throws {
    let error = #expect(throws: SelectorError.self) { try covered("vpc/zebra-crossing") }
    #expect(
      error?.description
        == "nothing is called \"vpc/zebra-crossing\"; there is vpc/private (vpc-b), vpc/shop (vpc-a)")
  }

  @Test func emptyIsAnError() throws {
    var network = Self.network
    network.subnets.append(Subnet(id: "subnet-empty", vpc: "vpc-a", ipv4Block: Prefix("10.0.9.0/24")!))
    let resolver = SelectorResolver(network)
    #expect(throws: SelectorError.self) { try resolver.coverage(of: Selector("subnet-empty")) }
    #expect(throws: SelectorError.self) { try resolver.coverage(of: Selector("nothing-*")) }
  }

  @Test(arguments: ["", "10.0.0.256", "10.0.0.0/33", "1.2.3", "sg/", "2001:db8::g::1", "fe80::1%2", "::/129"])
  func malformed(text: String) {
    if text == "2001:db8::g::1" {
      // Letters beyond f: might be a name, and then it is one that nothing has.
      #expect(throws: SelectorError.self) { try covered(text) }
      return
    }
    #expect(throws: SelectorError.self) { try Selector(text) }
  }

  @Test func entrances() throws {
    func entrance(_ text: String, from: String) throws -> SelectorEntrance {
      try Self.resolver.entrance(of: Selector(text), from: Self.resolver.end(of: Selector(from)))
    }
    func interface(_ id: ResourceID) -> SelectorEntrance? {
      Self.network.networkInterfaces.firstIndex { $0.id == id }.map { .interface($0) }
    }
    #expect(try entrance("internet", from: "8.8.8.8") == .internet)
    #expect(try entrance("vpc-a", from: "8.8.8.8") == .vpc("vpc-a"))
    #expect(try entrance("subnet-db", from: "8.8.8.8") == .subnet("subnet-db"))
    #expect(try entrance("eni-db", from: "8.8.8.8") == interface("eni-db"))
    #expect(try entrance("i-2", from: "8.8.8.8") == interface("eni-app2"))
    // Of two interfaces the one that has the source address.
    #expect(try entrance("i-2", from: "10.0.1.77") == interface("eni-aaa"))
    #expect(throws: SelectorError.self) { try entrance("10.0.0.1", from: "8.8.8.8") }
    #expect(throws: SelectorError.self) { try entrance("private", from: "8.8.8.8") }
  }

  @Test func starsInNames() throws {
    var network = Self.network
    network.instances[0].attributes.tags = [Tag("Name", "aXbXbXc")]
    let resolver = SelectorResolver(network)
    for (pattern, matches) in [
      ("a*c", true), ("a*b*b*c", true), ("a*bXc", true), ("*b*b*", true), ("a*b*b*b*c", false),
      ("aXbXbXc*", true),
      ("aX*XbXbXc", false), ("**c", true),
    ] {
      let found = try? resolver.coverage(of: Selector("instance/" + pattern)).interfaces
      let web = try #require(network.networkInterfaces.firstIndex { $0.id == "eni-web" })
      #expect((found ?? []).contains(web) == matches, "\(pattern)")
    }
  }
}
