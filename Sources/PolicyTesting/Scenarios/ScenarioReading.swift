import Filtering
import NetworkTypes
import PolicyFormats
import RuleMatching
import VirtualNetworks

/// Reads the steps of a scenario.
struct ScenarioReading {
  let log: YAMLProblemLog
  static let actions = [
    "send", "wait", "add_rule", "remove_rule", "stop", "start", "reboot", "hibernate", "terminate",
    "associate_address", "disassociate_address",
  ]

  func steps(_ node: YAMLNode) throws(YAMLProblem) -> [ScenarioStep] {
    let nodes = try node.list("a list of steps")
    var steps: [ScenarioStep] = []
    var expectations = 0
    for node in nodes {
      let step = log.attempt { () throws(YAMLProblem) in try self.step(node) }
      guard let step else { continue }
      if case .send(_, .some) = step.action { expectations += 1 }
      steps.append(step)
    }
    if expectations == 0 && log.problems.isEmpty {
      throw YAMLProblem(at: node.location, found: "no expect", expected: "a step with send and expect")
    }
    return steps
  }

  private func step(_ node: YAMLNode) throws(YAMLProblem) -> ScenarioStep {
    let mapping = try node.mapping("a step: \(Self.actions.joined(separator: ", "))")
    log.checkKeys(of: mapping, known: Self.actions + ["expect", "because"])
    let found = mapping.members.filter { Self.actions.contains($0.key) }
    guard let member = found.first, found.count == 1 else {
      throw YAMLProblem(
        at: mapping.location,
        found: found.isEmpty ? "no action" : found.map(\.key).joined(separator: " and "),
        expected: "one of \(Self.actions.joined(separator: ", "))")
    }
    if member.key != "send" {
      for key in ["expect", "because"] where mapping[key] != nil {
        throw YAMLProblem(at: mapping.location, "\(key) means something beside send only")
      }
    }
    return ScenarioStep(action: try action(member, mapping), location: mapping.location)
  }

  private func action(
    _ member: YAMLMapping.Member, _ step: YAMLMapping
  ) throws(YAMLProblem) -> ScenarioStep.Action {
    switch member.key {
    case "send": return .send(try packet(member.value), try expectation(step))
    case "wait": return .wait(try duration(member.value))
    case "add_rule", "remove_rule":
      return .change(try rule(member.value, isAdded: member.key == "add_rule"))
    case "associate_address":
      let mapping = try member.value.mapping("address and to")
      log.checkKeys(of: mapping, known: ["address", "to"])
      return .change(
        .associate(
          try mapping.required("address").ipv4Address(),
          with: try mapping.required("to").text("an instance or an interface")))
    case "disassociate_address": return .change(.disassociate(try member.value.ipv4Address()))
    default:
      guard let action = InstanceAction(rawValue: member.key) else {
        throw YAMLProblem(at: member.keyLocation, found: member.key, expected: "an action")
      }
      return .change(.instance(try member.value.text("an instance"), action))
    }
  }

  private func expectation(_ step: YAMLMapping) throws(YAMLProblem) -> ScenarioExpectation? {
    guard let node = step["expect"] else {
      if let because = step["because"] {
        throw YAMLProblem(
          at: because.location, "because says why a packet is denied: write expect: deny, too")
      }
      return nil
    }
    let word = try node.word(ScenarioExpectation.Fate.allCases.map(\.rawValue))
    let fate = ScenarioExpectation.Fate(rawValue: word) ?? .deny
    var because: [ReachabilityCode] = []
    for part in step["because"]?.listOrOne ?? [] { because.append(try PolicyTestReading.code(part)) }
    if !because.isEmpty, fate != .deny {
      throw YAMLProblem(
        at: step["because"]?.location ?? node.location,
        "because says why a packet is denied, found expect: \(word)")
    }
    return ScenarioExpectation(fate: fate, because: because)
  }

  // MARK: Packets

  private func packet(_ node: YAMLNode) throws(YAMLProblem) -> ScenarioPacket {
    let mapping = try node.mapping("from, to and tcp, udp, icmp, icmpv6 or protocol")
    let kinds = ["tcp", "udp", "icmp", "icmpv6", "protocol"]
    log.checkKeys(of: mapping, known: ["from", "to"] + kinds)
    let found = mapping.members.filter { kinds.contains($0.key) }
    guard let kind = found.first, found.count == 1 else {
      throw YAMLProblem(
        at: mapping.location,
        found: found.isEmpty ? "no protocol" : found.map(\.key).joined(separator: " and "),
        expected: "one of tcp: S, udp: true, icmp: 8/0, icmpv6: 128/0, protocol: 47")
    }
    var packet = ScenarioPacket(
      from: try end(try mapping.required("from")), to: try end(try mapping.required("to")),
      ipProtocol: .tcp, tcpFlags: [], icmp: 0)
    switch kind.key {
    case "tcp": packet.tcpFlags = try flags(kind.value)
    case "udp":
      packet.ipProtocol = .udp
      if !kind.value.isNull, try kind.value.bool() == false { throw kind.value.problem("true") }
    case "protocol":
      let number = try kind.value.integer(in: 0...255)
      packet.ipProtocol = IPProtocol(rawValue: UInt8(number))
      if packet.ipProtocol.hasPorts || packet.ipProtocol.hasICMPKind {
        throw kind.value.problem("tcp, udp, icmp or icmpv6 by name, or another protocol's number")
      }
    default:
      packet.ipProtocol = kind.key == "icmp" ? .icmp : .icmpv6
      packet.icmp = try icmp(kind.value, packet.ipProtocol)
    }
    try checkPorts(packet)
    return packet
  }

  private func checkPorts(_ packet: ScenarioPacket) throws(YAMLProblem) {
    for end in [packet.from, packet.to] {
      if packet.ipProtocol.hasPorts && end.port == nil {
        throw YAMLProblem(
          at: end.location, found: "\"\(end.selector.text)\" without a port",
          expected: "HOST:PORT, as web-1:443")
      }
      if !packet.ipProtocol.hasPorts && end.port != nil {
        throw YAMLProblem(
          at: end.location, found: "a port", expected: "none: \(packet.ipProtocol) has no ports")
      }
    }
  }

  /// `web-1:443`, `203.0.113.7:51000`, `[2001:db8::7]:443`, or without a port.
  private func end(_ node: YAMLNode) throws(YAMLProblem) -> ScenarioPacket.End {
    let text = try node.text("HOST:PORT, as web-1:443 or [2001:db8::7]:443")
    var host = text[...]
    var port: UInt16?
    if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
      host = text[text.index(after: text.startIndex)..<close]
      let rest = text[text.index(after: close)...]
      if !rest.isEmpty {
        guard rest.hasPrefix(":"), let number = UInt16(rest.dropFirst()) else {
          throw node.problem("[ADDRESS]:PORT with a port from 0 to 65535")
        }
        port = number
      }
    } else if text.count(where: { $0 == ":" }) == 1, let colon = text.firstIndex(of: ":") {
      host = text[..<colon]
      guard let number = UInt16(text[text.index(after: colon)...]) else {
        throw node.problem("HOST:PORT with a port from 0 to 65535")
      }
      port = number
    }
    do {
      return ScenarioPacket.End(selector: try Selector(String(host)), port: port, location: node.location)
    } catch { throw YAMLProblem(at: node.location, "\(error)") }
  }

  /// `S`, `SA`, `.` for none.
  private func flags(_ node: YAMLNode) throws(YAMLProblem) -> TCPFlags {
    let letters: [Character: TCPFlags] = [
      "S": .syn, "A": .ack, "F": .fin, "R": .rst, "P": .psh, "U": .urg, "E": .ece, "W": .cwr,
    ]
    let text = try node.text("TCP flags: S, SA, A, PA, FA, R")
    var flags: TCPFlags = []
    for character in text.uppercased() where character != "." {
      guard let flag = letters[character] else { throw node.problem("TCP flags: letters of SAFRPUEW") }
      flags.insert(flag)
    }
    return flags
  }

  /// `echo`, `reply`, `8`, `3/4`.
  private func icmp(_ node: YAMLNode, _ ipProtocol: IPProtocol) throws(YAMLProblem) -> UInt16 {
    let expected = "echo, reply, TYPE or TYPE/CODE"
    let text = try node.text(expected)
    if text == "echo" { return ipProtocol == .icmp ? 8 << 8 : 128 << 8 }
    if text == "reply" { return ipProtocol == .icmp ? 0 : 129 << 8 }
    let numbers = text.split(separator: "/", omittingEmptySubsequences: false).map { UInt8($0) }
    guard (1...2).contains(numbers.count), let type = numbers[0],
      let code = numbers.count == 1 ? 0 : numbers[1]
    else { throw node.problem(expected) }
    return UInt16(type) << 8 | UInt16(code)
  }

  // MARK: Others

  /// `351s`, `90 s`, `500ms`, `5m`, `2h`, `1d`.
  private func duration(_ node: YAMLNode) throws(YAMLProblem) -> Int64 {
    let expected = "a time: 500ms, 351s, 6m, 2h or 5d"
    let text = try node.text(expected)
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let units: [String: Int64] = [
      "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000, "min": 60_000_000_000,
      "h": 3_600_000_000_000, "d": 86_400_000_000_000,
    ]
    let unit = text.dropFirst(digits.count).drop { $0 == " " }
    guard let number = Int64(digits), let length = units[String(unit)] else { throw node.problem(expected) }
    let (nanoseconds, overflow) = number.multipliedReportingOverflow(by: length)
    guard !overflow, nanoseconds <= 3650 * 86_400_000_000_000 else { throw node.problem("at most 3650d") }
    return nanoseconds
  }

  private func rule(_ node: YAMLNode, isAdded: Bool) throws(YAMLProblem) -> ScenarioChange {
    let mapping = try node.mapping("group and rule, or acl and rule")
    log.checkKeys(of: mapping, known: ["group", "acl", "rule"])
    let rule = try mapping.required("rule")
    let text = try rule.text("a rule, as tcp 443 from 0.0.0.0/0")
    do {
      if let acl = mapping["acl"] {
        guard mapping["group"] == nil else {
          throw YAMLProblem(at: node.location, found: "group and acl", expected: "one of them")
        }
        let entry = try NumberedMatch.parse(text)
        let name = try acl.text("an ACL's name or id")
        return isAdded ? .addEntry(acl: name, entry) : .removeEntry(acl: name, entry)
      }
      let (match, direction) = try Match.parse(text)
      let name = try mapping.required("group").text("a security group's name or id")
      return isAdded ? .addRule(group: name, match, direction) : .removeRule(group: name, match, direction)
    } catch let error as MatchTextError {
      throw YAMLProblem(at: rule.location, "\(error)")
    } catch let error as YAMLProblem {
      throw error
    } catch { throw YAMLProblem(at: node.location, "\(error)") }
  }
}
