/// Numbers as people read them; the same in every locale.
enum Quantities {
  /// `1,234,567`
  static func count(_ value: Int) -> String {
    let digits = Array(String(value.magnitude))
    var text = value < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0 && (digits.count - index) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return text
  }

  /// `1 packet`, `1,234 packets`
  static func count(_ value: Int, _ noun: String) -> String {
    "\(count(value)) \(noun)\(value == 1 ? "" : "s")"
  }

  /// `512 B`, `849.7 kB`, `1.2 GB`: powers of ten.
  static func bytes(_ value: Int) -> String {
    if value < 1000 { return "\(value) B" }
    let units = ["kB", "MB", "GB", "TB", "PB", "EB"]
    var tenths = value / 100
    var unit = 0
    while tenths >= 10_000 && unit < units.count - 1 {
      tenths /= 1000
      unit += 1
    }
    return "\(count(tenths / 10)).\(tenths % 10) \(units[unit])"
  }

  /// `20.3%`; never 0.0% of something, nor 100.0% of less than everything.
  static func share(_ part: Int, of whole: Int) -> String {
    if whole <= 0 || part <= 0 { return "0.0%" }
    if part >= whole { return "100.0%" }
    let tenths = Int((Double(part) / Double(whole) * 1000).rounded())
    if tenths == 0 { return "<0.1%" }
    if tenths == 1000 { return ">99.9%" }
    return "\(tenths / 10).\(tenths % 10)%"
  }

  /// `38.2 s`, `2 min 5 s`, `3 h 12 min`, `2 d 4 h`.
  static func duration(nanoseconds: Int64) -> String {
    let tenths = nanoseconds / 100_000_000
    if tenths < 600 { return "\(tenths / 10).\(tenths % 10) s" }
    let seconds = tenths / 10
    if seconds < 3600 { return "\(seconds / 60) min \(seconds % 60) s" }
    if seconds < 86_400 { return "\(seconds / 3600) h \(seconds / 60 % 60) min" }
    return "\(seconds / 86_400) d \(seconds / 3600 % 24) h"
  }
}
