import Filtering
import NetworkTypes
import VirtualNetworks

/// What an audit found, in the shape that reports print: words and numbers, nothing left to look up.
public struct AuditReport: Sendable {
  public var captures: [CaptureDescription] = []
  public var packets = ClassCounts()
  public var bytes = ClassCounts()
  public var flows = FlowCounts()
  /// Most packets first, then by first frame.
  public var denials: [Denial] = []
  /// Interfaces that packets passed, in the order of the input.
  public var interfaces: [InterfaceUse] = []
  /// Every rule of every group and ACL, in the order of the input, unused ones too.
  public var rules: [RuleUse] = []
  /// Why packets could not be decoded, most first.
  public var undecoded: [Undecoded] = []
  /// What unknown answers hang on, most first.
  public var unknowns: [Unknown] = []
  /// What changed in the network during the audit, in order of time.
  public var changes: [Change] = []
  /// How alarms changed, in order of time; nil where none were asked for.
  public var alarms: [AlarmChange]?
  /// Second copies of packets that were mirrored at both of their interfaces; they are in no other count.
  public var duplicates = 0
  /// Denied packets that came after their connection was closed: AWS rejects them whatever the rules (semantics CT-25).
  public var lateSegments = 0
  public var warnings: [String] = []

  public init() {}

  /// How many packets of a class speak against the rules: late segments do not (semantics S24).
  public func violations(_ packetClass: PacketClass) -> Int {
    packets[packetClass] - (packetClass == .deny ? lateSegments : 0)
  }

  /// One audited capture.
  public struct CaptureDescription: Sendable, Hashable {
    public var path: String
    /// `pcap`, `pcapng` or `other`.
    public var format: String
    /// `EN10MB`, `LINUX_SLL2`, …
    public var linkType: String
    public var packets: Int
    /// Original lengths on the wire.
    public var bytes: Int
    public var firstTime: CaptureTime?
    public var lastTime: CaptureTime?
    public var isTruncated: Bool

    public init(
      path: String, format: String, linkType: String, packets: Int = 0, bytes: Int = 0,
      firstTime: CaptureTime? = nil, lastTime: CaptureTime? = nil, isTruncated: Bool = false
    ) {
      self.path = path
      self.format = format
      self.linkType = linkType
      self.packets = packets
      self.bytes = bytes
      self.firstTime = firstTime
      self.lastTime = lastTime
      self.isTruncated = isTruncated
    }
  }

  /// A number for each class; the six classes add up to the total.
  public struct ClassCounts: Sendable, Hashable {
    public private(set) var counts = [Int](repeating: 0, count: PacketClass.allCases.count)

    public subscript(packetClass: PacketClass) -> Int {
      get { counts[Int(packetClass.rawValue)] }
      set { counts[Int(packetClass.rawValue)] = newValue }
    }
    public var total: Int { counts.reduce(0, +) }
  }

  public struct FlowCounts: Sendable, Hashable {
    public var total = 0
    public var allowed = 0
    public var denied = 0
  }

  /// Denials of one reason, place, remote block, protocol and port.
  public struct Denial: Sendable, Hashable {
    public var code: ReachabilityCode
    public var stage: EvaluationStage
    public var interface: ResourceID?
    public var interfaceName: String?
    public var direction: Direction
    public var remote: IPPrefix
    /// What the interface is called whose address the remote is.
    public var remoteName: String?
    public var ipProtocol: IPProtocol
    /// Destination port, or nil where the protocol has none or the packet did not tell.
    public var port: UInt16?
    public var icmp: ICMPKind?
    public var tally: Tally
    public var firstFrame: Int
    /// One sentence: what stopped the first packet, and which rule came nearest.
    public var explanation: String
    /// What denials are shown together by in text: all but the port.
    public var decider: String?
  }

  public struct InterfaceUse: Sendable, Hashable {
    public var id: ResourceID
    public var name: String?
    /// The zone and Region where it is.
    public var place = ResourcePlace()
    public var ingress = Counts()
    public var egress = Counts()

    public struct Counts: Sendable, Hashable {
      public var allowed = 0
      public var denied = 0
    }
  }

  public struct RuleUse: Sendable, Hashable {
    public var owner: ResourceID
    public var ownerName: String?
    public var id: String
    public var direction: Direction
    /// The rule as it parses back: `tcp 8080 from sg-0123`.
    public var text: String
    /// The rule with the peer's name in place of its id, where it has one: `tcp 8080 from sg/web`.
    public var shortText: String
    public var tally: Tally
    /// Whether a change of the network took the rule away before the audit's end.
    public var wasRemoved = false
    /// Whether packets passed an interface of this group or ACL, so that the rule could have been used.
    public var hadPackets = true
  }

  /// A change of the network at its time.
  public struct Change: Sendable, Hashable {
    public var time: CaptureTime
    /// The first frame that was judged after it.
    public var frame: Int
    /// What was asked for: `stop i-0123`.
    public var text: String
    /// What happened besides: `198.51.100.7 is released`.
    public var effects: [String]
    /// What people call the resources whose ids stand in the sentences, by id.
    public var names: [String: String] = [:]

    /// Words of a sentence as they may be ids.
    public static func words(_ sentence: String) -> [Substring] {
      sentence.split(separator: " ").map { word in
        word.last.map { ",;:".contains($0) } ?? false ? word.dropLast() : word
      }
    }

    public init(time: CaptureTime, frame: Int, text: String, effects: [String]) {
      self.time = time
      self.frame = frame
      self.text = text
      self.effects = effects
    }
  }

  /// An alarm that came to another state.
  public struct AlarmChange: Sendable, Hashable {
    public var time: CaptureTime
    public var name: String
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    public var old: String
    public var new: String
    public var reason: String

    public init(time: CaptureTime, name: String, old: String, new: String, reason: String) {
      self.time = time
      self.name = name
      self.old = old
      self.new = new
      self.reason = reason
    }
  }

  public struct Undecoded: Sendable, Hashable {
    public var stop: DecodingStop
    public var packets: Int
  }

  public struct Unknown: Sendable, Hashable {
    public var interface: ResourceID?
    public var interfaceName: String?
    public var explanation: String
    public var packets: Int
  }
}
