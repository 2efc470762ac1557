import Testing
import VirtualNetworks

/// Semantics section 6.
@Suite("Instance lifecycle")
struct InstanceLifecycleTests {
  @Test("States have AWS's codes, whatever the high byte says (LC-1)")
  func codes() {
    let codes = [
      "pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80,
    ]
    #expect(InstanceState.allCases.count == codes.count)
    for (name, code) in codes {
      #expect(InstanceState(name: name)?.rawValue == UInt8(code))
      #expect(InstanceState(code: code + 0x100)?.description == name)
    }
    #expect(InstanceState(code: 17) == nil)
  }

  struct Row: Sendable, CustomTestStringConvertible {
    var action: InstanceAction
    var state: InstanceState
    /// Nil where it is refused.
    var way: [InstanceState]?
    init(_ action: InstanceAction, _ state: InstanceState, _ way: [InstanceState]?) {
      (self.action, self.state, self.way) = (action, state, way)
    }
    var testDescription: String { "\(action.rawValue) when \(state)" }
  }

  @Test(
    "Legal transitions, and errors that name the state (LC-2)",
    arguments: [
      Row(.start, .stopped, [.pending, .running]), Row(.start, .running, []), Row(.start, .terminated, nil),
      Row(.start, .stopping, nil), Row(.start, .shuttingDown, nil),
      Row(.stop, .running, [.stopping, .stopped]), Row(.stop, .stopped, []), Row(.stop, .pending, nil),
      Row(.stop, .terminated, nil), Row(.hibernate, .running, [.stopping, .stopped]),
      Row(.hibernate, .pending, nil), Row(.reboot, .running, []), Row(.reboot, .stopped, nil),
      Row(.reboot, .terminated, nil), Row(.terminate, .running, [.shuttingDown, .terminated]),
      Row(.terminate, .stopped, [.shuttingDown, .terminated]),
      Row(.terminate, .pending, [.shuttingDown, .terminated]), Row(.terminate, .terminated, []),
    ])
  func transitions(_ row: Row) throws {
    guard let way = row.way else {
      let error = #expect(throws: InstanceTransitionError.self) {
        try InstanceLifecycle.states(for: row.action, from: row.state)
      }
      #expect(try #require(error).description.hasPrefix("is \(row.state); \(row.action.rawValue) needs "))
      return
    }
    #expect(try InstanceLifecycle.states(for: row.action, from: row.state) == way)
    // Each step is one that the states themselves allow.
    var state = row.state
    for next in way {
      #expect(InstanceLifecycle.next(after: state).contains(next))
      state = next
    }
  }

  @Test("News of a state that has been passed on the way to the present one is old (LC-2)")
  func oldNews() {
    let old: [InstanceState: Set<InstanceState>] = [
      .pending: [.pending], .running: [.pending, .running], .stopping: [.stopping],
      .stopped: [.stopping, .stopped], .shuttingDown: Set(InstanceState.allCases).subtracting([.terminated]),
      .terminated: Set(InstanceState.allCases),
    ]
    for now in InstanceState.allCases {
      let found = InstanceState.allCases.filter { InstanceLifecycle.hasPassed($0, at: now) }
      #expect(Set(found) == old[now], "\(now)")
    }
  }

  @Test("What becomes of addresses, interfaces, disks and memory (LC-3)")
  func effects() {
    let rows:
      [(
        InstanceAction, InstanceEffects.Fate, InstanceEffects.Fate, InstanceEffects.Fate, InstanceEffects.Fate
      )] = [
        (.reboot, .kept, .kept, .kept, .lost), (.stop, .released, .kept, .lost, .lost),
        (.hibernate, .released, .kept, .lost, .saved), (.terminate, .released, .disassociated, .lost, .lost),
      ]
    for (action, automatic, elastic, store, memory) in rows {
      let effects = InstanceEffects(of: action)
      #expect(effects.automaticPublicAddress == automatic, "\(action)")
      #expect(effects.elasticAddresses == elastic, "\(action)")
      #expect(effects.instanceStore == store, "\(action)")
      #expect(effects.memory == memory, "\(action)")
      #expect(effects.privateAddresses == (action == .terminate ? .released : .kept), "\(action)")
      #expect(effects.dataVolumes == (action == .terminate ? .asFlagged : .kept), "\(action)")
    }
  }

  @Test("Only running is billed, and stopping while it hibernates (LC-4)")
  func billing() {
    #expect(InstanceState.allCases.filter { $0.isBilled() } == [.running])
    #expect(InstanceState.allCases.filter { $0.isBilled(whileHibernating: true) } == [.running, .stopping])
  }
}
