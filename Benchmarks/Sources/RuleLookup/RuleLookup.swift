import Foundation
import NetworkTypes
import RuleMatching

/// Times the compiled matcher on a rule set and a list of keys, and writes its answers: the counterpart of
/// `peers/harnesses/rte_acl.c`, which says what the files are.
///
///   RuleLookup RULES KEYS ANSWERS [PASSES]
///
/// Consecutive rules, 500 or more, that differ in their prefix only are one rule with a prefix list. Answers are the
/// numbers of rules as rte_acl counts them, those of a prefix list being that of its first line.
@main
enum RuleLookup {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count >= 4 else {
      FileHandle.standardError.write(Data("usage: RuleLookup RULES KEYS ANSWERS [PASSES]\n".utf8))
      exit(2)
    }
    let passes = arguments.count > 4 ? Int(arguments[4]) ?? 5 : 5
    let (rules, lines) = try readRules(arguments[1])
    let keys = try fields(arguments[2])
    let remotes = keys.map { IPv4Address(rawValue: UInt32($0[1]) ?? 0) }
    let services = keys.map { ServiceKey(IPProtocol(rawValue: UInt8($0[0]) ?? 0), port: UInt16($0[2]) ?? 0) }

    var compiled = CompiledRules(rules)
    let builds = (0..<passes).map { _ in time { compiled = CompiledRules(rules) } }
    print("build\t\(Int(middle(builds)))")
    print("memory\t\(compiled.byteCount)")
    var results = Array(repeating: Int32(0), count: keys.count)
    var times: [Double] = []
    for _ in 0..<passes {
      times.append(
        time {
          for index in remotes.indices {
            results[index] = compiled.firstMatch(remote: remotes[index], service: services[index])
          }
        })
    }
    report("single", 1, times, keys.count)
    let single = results
    times.removeAll()
    for _ in 0..<passes {
      times.append(
        time {
          var span = results.mutableSpan
          compiled.firstMatches(remotes: remotes.span, services: services.span, into: &span)
        })
    }
    report("batches", keys.count, times, keys.count)
    precondition(single == results, "batches and single lookups do not agree")
    let text = results.map { $0 < 0 ? "-1" : String(lines[Int($0)]) }.joined(separator: "\n") + "\n"
    try Data(text.utf8).write(to: URL(fileURLWithPath: arguments[3]))
    // What a line of the rules file stands for, so that rte_acl's answers can be compared.
    let table = lineOwners(lines, count: try fields(arguments[1]).count)
    try Data(table.map(String.init).joined(separator: "\n").utf8).write(
      to: URL(fileURLWithPath: arguments[3] + ".lines"))
  }

  private static func report(_ name: String, _ batch: Int, _ times: [Double], _ keys: Int) {
    print("\(name)\t\(batch)\t" + String(format: "%.2f", middle(times) / Double(keys)))
  }

  private static func middle(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }

  /// CPU time of this thread in nanoseconds.
  private static func time(_ body: () -> Void) -> Double {
    func now() -> Double {
      var time = timespec()
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }
    let start = now()
    body()
    return now() - start
  }

  private static func fields(_ path: String) throws -> [[Substring]] {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
      .split(separator: "\n").map { $0.split(separator: " ") }
  }

  /// The rules, and for each the first of its lines.
  private static func readRules(_ path: String) throws -> ([ResolvedRule], [Int]) {
    let lines = try fields(path)
    var rules: [ResolvedRule] = []
    var firstLines: [Int] = []
    var next = 0
    while next < lines.count {
      let head = lines[next]
      var end = next
      while end < lines.count, lines[end][..<2] == head[..<2], lines[end][3...] == head[3...] { end += 1 }
      if end - next < 500 { end = next + 1 }
      rules.append(ResolvedRule(traffic(head), prefixes: lines[next..<end].compactMap { IPPrefix($0[2]) }))
      firstLines.append(next)
      next = end
    }
    return (rules, firstLines)
  }

  private static func lineOwners(_ firstLines: [Int], count: Int) -> [Int] {
    var owners: [Int] = []
    for (index, first) in firstLines.enumerated() {
      let end = index + 1 < firstLines.count ? firstLines[index + 1] : count
      owners += repeatElement(first, count: end - first)
    }
    return owners
  }

  private static func traffic(_ line: [Substring]) -> TrafficMatch {
    guard line[1] != "0", let number = UInt8(line[0]) else { return .all }
    let ports = PortRange(UInt16(line[3]) ?? 0, UInt16(line[4]) ?? .max) ?? .all
    switch IPProtocol(rawValue: number) {
    case .tcp: return .tcp(ports)
    case .udp: return .udp(ports)
    case .icmp: return .icmp(.any)
    case let other: return .other(other)
    }
  }
}
