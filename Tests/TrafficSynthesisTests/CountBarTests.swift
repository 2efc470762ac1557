import Testing

@testable import SallyportCommand

/// The line that says how much of a count is done.
@Suite struct CountBarTests {
  @Test func timeLeftIsToldOnceSomethingIsDone() {
    let bar = CountBar(.never, "rules")
    let none = String(repeating: "-", count: 24)
    #expect(bar.line(0, of: 8, after: .seconds(2)) == "[\(none)] 0%  0 of 8 rules")
    #expect(
      bar.line(2, of: 8, after: .seconds(2)).hasPrefix("[######------------------] 25%  2 of 8 rules  "))
    #expect(bar.line(8, of: 8, after: .seconds(2)).contains("100%  8 of 8 rules"))
  }
}
