import Filtering
import NetworkTypes
import PolicyAnalysis
import PolicyTesting
import RuleMatching
import TestSupport
import Testing
import VirtualNetworks

/// Claims about so few packets that all of them can be tried one by one.
@Suite("Claims in small worlds")
struct SmallWorldTests {
  @Test("A claim holds exactly if it holds for each of its packets")
  func bothDirections() throws {
    var random = SeededRandom.fresh("Claims in small worlds")
    var (held, failed) = (0, 0)
    for _ in 0..<30 {
      let seed = random.next()
      let world = SmallWorld(seed: seed)
      for claim in world.claims {
        let fates = world.fates(of: claim)
        let failure: TestFailure?
        do {
          failure = try world.tested.failure(of: claim)
        } catch {
          #expect(fates.isEmpty, "seed \(seed): \(claim.words): \(error)")
          continue
        }
        let wanted: PacketClass = claim.expectation == .allow ? .allow : .deny
        // Where no packet can be made, none gets through: the claim that some do fails.
        let holds = fates.isEmpty ? wanted == .deny : fates.allSatisfy { $0 == wanted }
        #expect(
          (failure == nil) == holds,
          "seed \(seed): \(claim.words): \(fates.count) packets, \(Set(fates)); \(String(describing: failure))"
        )
        if failure == nil { held += 1 } else { failed += 1 }
      }
    }
    print("claims in small worlds: \(held) hold, \(failed) do not")
    #expect(held > 10 && failed > 10)
  }
}

/// A random network and claims between two of its blocks or interfaces.
private struct SmallWorld {
  let tested: TestedNetwork
  private(set) var claims: [PolicyClaim] = []

  init(seed: UInt64) {
    var choices = Choices(random: SeededRandom(seed: seed))
    let world = RandomNetwork(Choices(random: SeededRandom(seed: seed ^ 1)))
    tested = TestedNetwork(world.network)
    let owned = world.owned.filter { $0.family == .v4 }
    for _ in 0..<5 {
      let low = choices.one(of: [20, 23, 78, 1022] as [UInt16])
      let from = choices.chance(20) ? choices.one(of: RandomNetwork.outsiders) : choices.one(of: owned)
      let source = IPPrefix(from, length: from.family == .v4 ? 30 : 126)
      let destination =
        choices.chance(50)
        ? IPPrefix(choices.one(of: owned), length: 30).description
        : choices.one(of: world.network.networkInterfaces).id.rawValue
      guard let from = try? Selector(source.description), let to = try? Selector(destination),
        let traffic = ClaimTraffic("tcp/\(low)-\(low + 2)")
      else { continue }
      claims.append(
        PolicyClaim(
          choices.chance(50) ? .allow : .deny, traffic, from: [from], to: [to],
          sourcePorts: IntervalSet(1023...1024), isRoundTrip: choices.chance(20) ? false : nil))
    }
  }

  /// What becomes of each packet of a claim, in the plainest code.
  func fates(of claim: PolicyClaim) -> [PacketClass] {
    guard case .prefix(let block) = claim.from[0].form else { return [] }
    var fates: [PacketClass] = []
    for source in addresses(block) {
      for destination in destinations(claim, from: source) {
        guard source.family == destination.family, !isOneHost(source, destination),
          !owners(source).isEmpty || !owners(destination).isEmpty
        else { continue }
        for service in claim.traffic.services.runs.flatMap({ Array($0) }) {
          for port in UInt16(1023)...1024 {
            let question = TraceQuestion(
              from: .address(source), to: .address(destination),
              service: ServiceKey(rawValue: UInt32(service)), sourcePort: port, isRoundTrip: claim.isRoundTrip
            )
            fates.append(tested.filter.trace(question).verdict)
          }
        }
      }
    }
    return fates
  }

  private func addresses(_ block: IPPrefix) -> [IPAddress] {
    (block.first.key...block.last.key).map { IPAddress(block.family, key: $0) }
  }

  private func destinations(_ claim: PolicyClaim, from source: IPAddress) -> [IPAddress] {
    if case .prefix(let block) = claim.to[0].form { return addresses(block) }
    guard
      let interface = tested.network.networkInterfaces.first(where: { $0.id.rawValue == claim.to[0].text })
    else { return [] }
    let own = interface.privatePrefixes.flatMap(addresses)
    let faces = interface.ipv4Addresses.compactMap(\.publicAddress).map(IPAddress.v4)
    let isOutside =
      owners(source).isEmpty && isGlobal(source) && !tested.network.vpcs.contains { $0.contains(source) }
    if isOutside && source.family == .v4 && !faces.isEmpty { return faces }
    return claim.expectation == .deny ? own + faces : own
  }

  private func owners(_ address: IPAddress) -> [NetworkInterface] {
    tested.network.networkInterfaces.filter { interface in
      interface.privatePrefixes.contains { $0.contains(address) }
        || interface.ipv4Addresses.contains { $0.publicAddress.map(IPAddress.v4) == address }
    }
  }

  private func isGlobal(_ address: IPAddress) -> Bool {
    let local = [
      "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7",
      "fe80::/10",
    ]
    return !local.contains { IPPrefix($0)!.contains(address) }
  }

  private func isOneHost(_ source: IPAddress, _ destination: IPAddress) -> Bool {
    let (left, right) = (owners(source), owners(destination))
    guard left.count == 1, right.count == 1 else { return false }
    return left[0].id == right[0].id || left[0].instance != nil && left[0].instance == right[0].instance
  }
}
