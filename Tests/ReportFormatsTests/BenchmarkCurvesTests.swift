import ReportFormats
import Testing

@Suite("Cost curves as text") struct BenchmarkCurvesTests {
  private func row(
    _ stage: String, _ matcher: String = "", rules: Int? = nil, interfaces: Int? = nil, flows: Int? = nil,
    _ nanoseconds: Double, build: Int? = nil, bytes: Int? = nil
  ) -> BenchmarkReport.Row {
    BenchmarkReport.Row(
      stage: stage, matcher: matcher, rules: rules, interfaces: interfaces, flows: flows, packets: 256,
      nanoseconds: nanoseconds, percentiles: [], buildNanoseconds: build, bytes: bytes)
  }

  @Test("a table for each size that varies, one line a size, within eighty columns")
  func tables() {
    let report = BenchmarkReport(
      rows: [
        row("rule match", "linear", rules: 10, 29),
        row("rule match", "compiled", rules: 10, 16.94, build: 14_200, bytes: 448),
        row("rule match", "linear", rules: 100_000, 123_456.7),
        row("rule match", "compiled", rules: 100_000, 22, build: 696_214_462, bytes: 520_480),
        row("decode", interfaces: 100_000, 12.9),
        row("address lookup", "100097 prefixes", interfaces: 100_000, 34.4, build: 1),
        row("rule match", "of any interface", interfaces: 100_000, 406.5, bytes: 16_318_576),
        row("rule match", "the same, packed", interfaces: 100_000, 67, bytes: 14_958_728),
        row("first packets", "empty tracker", interfaces: 100_000, 1_038.7),
        row("tracking", "known flows", interfaces: 100_000, 70.8),
        row(
          "whole audit", "from bytes", interfaces: 100_000, 1_705.9, build: 2_680_281_154, bytes: 16_318_576),
        row("tracking", "known flows", interfaces: 1_000, flows: 10_000_000, 322.2, bytes: 671_154_176),
      ], workload: "a synthetic network", peakMemory: 1_531_211_776)
    #expect(
      report.curvesText() == """
        a synthetic network

        nanoseconds a packet by number of rules
              rules linear single      build   memory
                 10   29.0   16.9    14.2 us    448 B
             100000 123457   22.0   696.2 ms   520 kB

        nanoseconds a packet by number of interfaces
         interfaces decode lookup random packed  first  known  audit      build   memory
             100000   12.9   34.4  406.5   67.0   1039   70.8   1706  2680.3 ms    16 MB

        nanoseconds a packet by number of flows
              flows  known   memory
           10000000  322.2   671 MB

        memory at its peak: 1531 MB

        All matchers gave the same answer to every packet measured.

        """)
    #expect(report.curvesText().split(separator: "\n").allSatisfy { $0.count <= 80 })
  }

  @Test("beside an earlier report the tables hold ratios")
  func ratios() {
    var before = row("tracking", "known flows", flows: 1_000, 50)
    before.earlier = 100
    let report = BenchmarkReport(rows: [before], workload: "a synthetic network", peakMemory: nil)
    #expect(report.curvesText().contains("       1000  2.00x"))
  }
}
