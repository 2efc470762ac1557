import NetworkTypes
import TestSupport
import Testing

@Suite("Times as text")
struct CaptureTimeTextTests {
  @Test("What a time prints is read back")
  func roundTrip() {
    var random = SeededRandom.fresh("times")
    for _ in 0..<2000 {
      // Years that text can hold: 1678 to 2261.
      let time = CaptureTime(
        nanoseconds: Int64.random(in: -9_214_560_000_000_000_000...9_214_646_400_000_000_000, using: &random))
      #expect(CaptureTime(time.description) == time)
    }
  }

  @Test("Offsets, fractions and leap days")
  func spellings() {
    #expect(CaptureTime("1970-01-01T00:00:00Z")?.nanoseconds == 0)
    #expect(CaptureTime("2026-01-02T04:04:05+01:00") == CaptureTime("2026-01-02T03:04:05Z"))
    #expect(CaptureTime("2026-01-02T03:04:05.5Z")?.nanoseconds == 1_767_323_045_500_000_000)
    #expect(CaptureTime("2024-02-29T00:00:00Z") != nil)
    for text in [
      "", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01", "2026-01-01T24:00:00Z",
      "2026-01-01T00:00:00",
      "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+1", "99999-01-01T00:00:00Z", "9999-01-01T00:00:00Z",
      "yesterday",
    ] {
      #expect(CaptureTime(text) == nil, "\(text)")
    }
  }
}
