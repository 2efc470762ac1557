/// One word or several, as a claim has them: `"web-1"`, `["web-*", "sg/bastion"]`, `["tcp/443", "udp/any"]`.
public struct Words: Sendable, Hashable, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral {
  public var all: [String]

  public init(_ all: [String]) { self.all = all }
  public init(stringLiteral word: String) { all = [word] }
  public init(arrayLiteral words: String...) { all = words }
}
