import NetworkTypes

/// What a capture is and what has been read of it so far.
public struct CaptureSummary: Hashable, Sendable {
  /// The path as it was given; `-` for standard input.
  public var path: String
  public var format: CaptureFormat
  /// Whether the capture is a gzip file.
  public var isCompressed: Bool
  /// The interfaces seen so far, in the order in which packets number them; one without a name in pcap files.
  public var interfaces: [CaptureInterface] = []
  /// Packets delivered so far, after the filter if there is one.
  public var packets: UInt64 = 0
  /// Bytes on the wire of the packets delivered so far.
  public var bytes: UInt64 = 0
  /// The earliest time of a delivered packet; simple packet blocks have none and do not count.
  public var firstTime: CaptureTime?
  /// The latest time of a delivered packet.
  public var lastTime: CaptureTime?
  /// Whether the capture ended in the middle of a record, or was too damaged to go on.
  public var isTruncated = false
  /// Bytes of the input that were consumed (of the compressed file, if it is one), for a progress bar.
  public var bytesRead: UInt64 = 0
  /// Size of the input where it is known, that is for files.
  public var totalBytes: UInt64?

  /// The first interface's link type as libpcap names it (`EN10MB`); empty before the first interface is
  /// known.
  public var linkTypeName: String { interfaces.first?.linkType.name ?? "" }
}

/// The file formats that captures come in.
public enum CaptureFormat: String, Hashable, Sendable {
  case pcap
  case pcapng
  /// Something that only libpcap reads.
  case other
}

/// One place at which packets were captured.
public struct CaptureInterface: Hashable, Sendable {
  /// The name in a pcapng file; empty where none is given.
  public var name: String
  /// What a pcapng file says of it (`if_description`); empty where it says nothing.
  public var details: String
  public var linkType: LinkType
  /// Bytes that were kept of each packet at most; 0 for no limit.
  public var snapLength: UInt32

  public init(name: String = "", details: String = "", linkType: LinkType, snapLength: UInt32) {
    self.name = name
    self.details = details
    self.linkType = linkType
    self.snapLength = snapLength
  }
}
