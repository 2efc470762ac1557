import NetworkTypes

/// What made-up traffic consists of; the same mix and seed make the same bytes on every machine.
public struct TrafficMix: Sendable, Hashable {
  /// Packets in all: fragments count one by one.
  public var packets = 1000
  /// Flows that the packets are spread over; nil leaves it to the shares and to usual lengths.
  public var flows: Int?
  public var seed: UInt64 = 1
  public var sizes = FrameSizes.imix
  /// Weights of TCP, UDP and ICMP, which need not add up to 100.
  public var protocols = ProtocolShares(tcp: 70, udp: 25, icmp: 5)
  /// Percent of the packets that are IPv6, as far as the network has any.
  public var ipv6 = 20
  /// Percent of the packets that belong to flows which the network denies.
  public var denied = 10
  /// Percent of the TCP packets whose flow begins before the capture.
  public var midstream = 0
  /// Percent of the packets that are fragments.
  public var fragments = 0
  /// Percent of the packets that cannot be decoded.
  public var malformed = 0
  /// The first packet's time: 2026-01-02T03:04:05Z.
  public static let start = CaptureTime(nanoseconds: 1_767_323_045_000_000_000)

  public init() {}
}

/// Weights of the protocols of a mix.
public struct ProtocolShares: Sendable, Hashable {
  public var tcp: Int
  public var udp: Int
  public var icmp: Int

  public init(tcp: Int, udp: Int, icmp: Int) {
    self.tcp = tcp
    self.udp = udp
    self.icmp = icmp
  }

  /// Parses `tcp=70,udp=25,icmp=5`; what is left out is 0. nil if the text is anything else, or all is 0.
  public init?(_ text: String) {
    self.init(tcp: 0, udp: 0, icmp: 0)
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let words = part.split(separator: "=", omittingEmptySubsequences: false)
      guard words.count == 2, let weight = Int(words[1]), (0...1_000_000).contains(weight) else { return nil }
      switch words[0] {
      case "tcp": tcp = weight
      case "udp": udp = weight
      case "icmp": icmp = weight
      default: return nil
      }
    }
    if tcp + udp + icmp == 0 { return nil }
  }

  /// In the order of ``SynthesisClass/Kind``.
  var weights: [Int] { [tcp, udp, icmp] }
}

/// How long frames that carry data are, link-layer header included; headers alone may be longer.
public struct FrameSizes: Sendable, Hashable {
  /// Lengths with their weights.
  public let choices: [Choice]

  public struct Choice: Sendable, Hashable {
    public var length: Int
    public var weight: Int
  }

  /// IP packets of 40, 576 and 1,500 bytes as 7 : 4 : 1, the "simple Internet mix".
  public static let imix = FrameSizes([(54, 7), (590, 4), (1514, 1)])
  /// The longest frame that can be asked for.
  public static let limit = 9018

  init(_ choices: [(Int, Int)]) { self.choices = choices.map { Choice(length: $0.0, weight: $0.1) } }

  /// Parses `imix`, a length, or several with weights: `64`, `64,1500`, `64=7,590=4,1514=1`.
  public init?(_ text: String) {
    if text == "imix" {
      self = .imix
      return
    }
    var choices: [(Int, Int)] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let words = part.split(separator: "=", omittingEmptySubsequences: false)
      guard let length = words.first.flatMap({ Int($0) }), (14...Self.limit).contains(length),
        words.count <= 2,
        let weight = words.count == 2 ? Int(words[1]) : 1, (1...1_000_000).contains(weight)
      else { return nil }
      choices.append((length, weight))
    }
    if choices.isEmpty { return nil }
    self.init(choices)
  }

  private var totalWeight: Int { choices.reduce(0) { $0 + $1.weight } }

  func draw(_ random: inout SynthesisRandom) -> Int {
    guard choices.count > 1 else { return choices[0].length }
    var point = random.below(totalWeight)
    var index = 0
    while point >= choices[index].weight {
      point -= choices[index].weight
      index += 1
    }
    return choices[index].length
  }
}
