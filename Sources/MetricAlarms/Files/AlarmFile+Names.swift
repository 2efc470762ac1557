import Filtering
import NetworkTypes
import PolicyFormats
import VirtualNetworks

extension AlarmFile {
  /// Puts ids in place of the names of a network's resources that labels give; an alarm over what the network lacks
  /// would never change its state.
  ///
  /// - Parameter mayChange: Whether the network changes later, and may then have what it lacks now.
  /// - Throws: ``YAMLProblems``; of an account's alarms, and where the network changes, there are warnings instead.
  public mutating func resolveNames(in network: VirtualNetwork, mayChange: Bool = false) throws(YAMLProblems)
  {
    placeAlarms(in: network)
    var tables: [String: NameTable] = [:]
    var problems: [YAMLProblem] = []
    for index in alarms.indices {
      for place in alarms[index].metric.dimensions.indices {
        let dimension = alarms[index].metric.dimensions[place]
        let table = tables[dimension.name] ?? NameTable(of: dimension.name, network)
        tables[dimension.name] = table
        guard let table else { continue }
        switch table.find(dimension.value) {
        case .success(let value): alarms[index].metric.dimensions[place].value = value
        case .failure(let miss):
          alarms[index].metric.namesWhatIsThere = false
          problems.append(
            YAMLProblem(at: alarms[index].location, "\(alarms[index].name) watches \(miss.sentence)"))
        }
      }
    }
    if problems.isEmpty { return }
    guard isDescription || mayChange else { throw YAMLProblems(problems) }
    warnings += problems.map { "\($0); until it is there the alarm has no data" }
  }
}

extension AlarmFile {
  /// Gives alarms without an ARN the one that they would have in the network's account and Region, where it has one of
  /// each: messages tell both.
  private mutating func placeAlarms(in network: VirtualNetwork) {
    let accounts = Set(network.vpcs.compactMap(\.attributes.account))
    let regions = Set(network.vpcs.compactMap(\.attributes.region))
    guard accounts.count == 1, regions.count == 1, let account = accounts.first, let region = regions.first
    else { return }
    func place(_ profile: inout AlarmProfile) {
      profile.arn = profile.arn ?? "arn:aws:cloudwatch:\(region):\(account):alarm:\(profile.name)"
    }
    for index in alarms.indices { place(&alarms[index].profile) }
    for index in composites.indices { place(&composites[index].profile) }
  }
}

/// What the values of a label may be, each with the id that it stands for.
private struct NameTable {
  private let noun: String
  private var ids: [String: [String]] = [:]

  /// nil for labels that name nothing of the network.
  init?(of label: String, _ network: VirtualNetwork) {
    switch label {
    case "InterfaceId": noun = "interface"
    case "InstanceId": noun = "instance"
    case "SecurityGroupId": noun = "security group"
    case "Rule": noun = "rule"
    case "Code": noun = "code"
    case "Verdict": noun = "verdict"
    case "Direction": noun = "direction"
    default: return nil
    }
    switch label {
    case "InterfaceId":
      for (id, names) in network.interfaceNames { add(id.rawValue, names) }
    case "InstanceId":
      for instance in network.instances { add(instance.id.rawValue, [instance.attributes.name]) }
    case "SecurityGroupId":
      for group in network.securityGroups {
        add(group.id.rawValue, [group.groupName, group.attributes.name])
      }
    case "Rule": addRules(of: network)
    case "Verdict": for verdict in AlarmMetric.verdicts { add(verdict, []) }
    case "Direction": for direction in AlarmMetric.directions { add(direction, []) }
    default: for code in ReachabilityCode.allCases { add(code.rawValue, []) }
    }
  }

  private mutating func addRules(of network: VirtualNetwork) {
    for group in network.securityGroups {
      for rule in group.rules(.ingress) + group.rules(.egress) {
        add("\(group.id)/\(rule.id)", ["\(group.groupName)/\(rule.id)"])
      }
    }
    for acl in network.networkACLs {
      for entry in (acl.inbound + acl.outbound).map({ $0.isFinalDeny ? "*" : "\($0.number)" }) + ["*"] {
        add("\(acl.id)/\(entry)", [acl.attributes.name.map { "\($0)/\(entry)" }])
      }
    }
  }

  private mutating func add(_ id: String, _ names: [String?]) {
    for name in [id] + names.compactMap({ $0 }) where !(ids[name]?.contains(id) ?? false) {
      ids[name, default: []].append(id)
    }
  }

  struct Miss: Error {
    var sentence: String
  }

  func find(_ name: String) -> Result<String, Miss> {
    let found = ids[name] ?? []
    // An id is meant before a name that looks like it.
    if found.contains(name) { return .success(name) }
    if found.count == 1 { return .success(found[0]) }
    if found.count > 1 {
      let list = found.prefix(5).joined(separator: ", ")
      return .failure(
        Miss(
          sentence: "the \(noun) \"\(name)\", of which there are \(found.count): name one by its id: \(list)")
      )
    }
    let nearest = NearestNames.find(name, among: ids.keys, limit: 3)
    let hint = nearest.isEmpty ? "" : "; nearest: \(nearest.joined(separator: ", "))"
    return .failure(Miss(sentence: "the \(noun) \"\(name)\", which is not there\(hint)"))
  }
}
