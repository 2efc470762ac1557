import CLibpcap
import NetworkTypes

/// Packets of a network device as they pass it, through libpcap.
///
/// ```swift
/// var capture = try LiveCapture(device: "eth0")
/// while try capture.advance() { decoder.decode(capture.bytes.span, capture.records, into: &batch) }
/// ```
///
/// Memory is bounded: a batch holds at most ``bytesLimit`` bytes and one packet more. What the system drops because
/// nobody took it in time is counted (``drops``).
public struct LiveCapture: ~Copyable {
  /// The packets of the latest batch, back to back.
  public private(set) var bytes: [UInt8] = []
  public private(set) var records: [PacketRecord] = []
  public let linkType: LinkType
  private let handle: LiveHandle
  private let device: String

  /// Bytes of a packet that are kept: headers, and what they quote or wrap.
  public static let snapLength = 512
  /// Bytes after which a batch is full.
  static let bytesLimit = 1 << 20

  /// Opens a device: `eth0`, or `any` for all.
  ///
  /// Throws ``CaptureError/refusal(input:reason:)`` if there is no such device or it must not be opened, and
  /// ``CaptureError/filter(expression:linkType:reason:)``.
  public init(device: String, filter: String? = nil) throws(CaptureError) {
    self.device = device
    handle = try LiveHandle(device: device, filter: filter)
    linkType = handle.linkType
  }

  /// Takes the packets that have come, `limit` at most, and does not wait: none is an empty batch.
  ///
  /// Throws if the device goes away.
  public mutating func advance(limit: Int = 4096) throws(CaptureError) {
    bytes.removeAll(keepingCapacity: true)
    records.removeAll(keepingCapacity: true)
    while records.count < limit, bytes.count < Self.bytesLimit {
      let offset = bytes.count
      switch handle.next(appendingTo: &bytes) {
      case .packet(let packet):
        records.append(
          PacketRecord(
            offset: offset, capturedLength: packet.captured, wireLength: packet.wire, time: packet.time,
            linkType: linkType))
      case .end: return
      case .failure(let reason):
        // What was read is handed out first; the next call fails again.
        if !records.isEmpty { return }
        throw .refusal(input: device, reason: reason)
      }
    }
  }

  /// Packets that the system dropped since the beginning because they were not taken in time.
  public var drops: Int { handle.drops }
}

/// A device that libpcap reads.
@safe
private final class LiveHandle {
  private let handle: OpaquePointer
  let linkType: LinkType
  private let isInNanoseconds: Bool

  init(device: String, filter: String?) throws(CaptureError) {
    var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    guard let opened = unsafe pcap_create(device, &message) else {
      throw .refusal(input: device, reason: Self.text(message))
    }
    unsafe pcap_set_snaplen(opened, Int32(LiveCapture.snapLength))
    unsafe pcap_set_timeout(opened, 50)
    unsafe pcap_set_buffer_size(opened, 16 << 20)
    let isInNanoseconds = unsafe pcap_set_tstamp_precision(opened, PCAP_TSTAMP_PRECISION_NANO) == 0
    let status = unsafe pcap_activate(opened)
    guard status >= 0 else {
      let detail = unsafe String(cString: pcap_geterr(opened))
      let reason = unsafe detail.isEmpty ? String(cString: pcap_statustostr(status)) : detail
      unsafe pcap_close(opened)
      throw .refusal(input: device, reason: reason)
    }
    let linkType = unsafe LinkType(dataLink: pcap_datalink(opened))
    if let filter {
      var program = unsafe bpf_program()
      defer { unsafe pcap_freecode(&program) }
      let isSet =
        unsafe pcap_compile(opened, &program, filter, 1, bpf_u_int32(PCAP_NETMASK_UNKNOWN)) == 0
        && pcap_setfilter(opened, &program) == 0
      guard isSet else {
        let reason = unsafe String(cString: pcap_geterr(opened))
        unsafe pcap_close(opened)
        throw .filter(expression: filter, linkType: linkType, reason: reason)
      }
    }
    guard unsafe pcap_setnonblock(opened, 1, &message) == 0 else {
      unsafe pcap_close(opened)
      throw .refusal(input: device, reason: Self.text(message))
    }
    unsafe handle = opened
    self.linkType = linkType
    self.isInNanoseconds = isInNanoseconds
  }

  deinit { unsafe pcap_close(handle) }

  private static func text(_ message: [CChar]) -> String {
    String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  func next(appendingTo bytes: inout [UInt8]) -> PcapHandle.Next {
    var header: UnsafeMutablePointer<pcap_pkthdr>?
    var data: UnsafePointer<UInt8>?
    switch unsafe pcap_next_ex(handle, &header, &data) {
    case 1:
      guard let header = unsafe header, let data = unsafe data else { return .failure("no packet") }
      let packet = unsafe PcapHandle.Packet(header.pointee, isInNanoseconds: isInNanoseconds)
      unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: data, count: Int(packet.captured)))
      return .packet(packet)
    case 0: return .end
    default: return unsafe .failure(String(cString: pcap_geterr(handle)))
    }
  }

  var drops: Int {
    var statistics = pcap_stat()
    guard unsafe pcap_stats(handle, &statistics) == 0 else { return 0 }
    return Int(statistics.ps_drop) + Int(statistics.ps_ifdrop)
  }
}
