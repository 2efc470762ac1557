import NetworkTypes
import RuleMatching

extension PacketFilter {
  /// How many distinct policies the network's interfaces have: one for each direction of a set of groups.
  public var policyCount: Int { compiled.network.policies.count }

  /// The bytes of all policies' blocks.
  public var policyByteCount: Int {
    compiled.network.policies.reduce(0) {
      $0 + $1.rules.byteCount + ($1.rulesWithoutReferences?.byteCount ?? 0)
    }
  }

  /// How many interfaces the network has.
  public var interfaceCount: Int { compiled.network.interfaces.count }

  /// Asks the inbound rules of an interface by its position: the number of the first rule that matches, -1 for none, or nil
  /// if nothing is filtered there or the groups are not known.
  public func firstInboundMatch(at interface: Int, remote: IPv4Address, service: ServiceKey) -> Int32? {
    compiled.network.interfaces[interface].policy(.ingress).map {
      compiled.network.policies[$0].rules.firstMatch(remote: remote, service: service)
    }
  }

  /// The inbound rules of all interfaces in one piece of memory: for each interface the number of its list, 0 being one
  /// without rules for those that are not filtered or whose groups are not known.
  public func packedInboundRules() -> (lists: [UInt32], rules: PackedRules) {
    var packed = PackedRules()
    _ = packed.append(CompiledRules([]))
    var numbers: [Int: UInt32] = [:]
    let lists = compiled.network.interfaces.map { interface -> UInt32 in
      guard let policy = interface.policy(.ingress) else { return 0 }
      if let number = numbers[policy] { return number }
      let number = UInt32(packed.append(compiled.network.policies[policy].rules))
      numbers[policy] = number
      return number
    }
    return (lists, packed)
  }

  /// The rules of the policy that has most of them, as its matcher was made from them; empty without policies.
  public var largestPolicy: [ResolvedRule] {
    let policies = compiled.network.policies
    return policies.indices.max { policies[$0].indices.count < policies[$1].indices.count }
      .map { compiled.network.resolvedRules(ofPolicy: $0) } ?? []
  }
}
