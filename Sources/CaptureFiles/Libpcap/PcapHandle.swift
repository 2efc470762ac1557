import CLibpcap
import NetworkTypes

/// An offline capture that libpcap reads, for formats that are not read here.
@safe
final class PcapHandle {
  private let handle: OpaquePointer
  let linkType: LinkType
  let snapLength: UInt32

  /// Opens a file; nil if libpcap does not know its format either.
  init?(path: String) {
    var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    guard
      let opened = unsafe pcap_open_offline_with_tstamp_precision(
        path, UInt32(PCAP_TSTAMP_PRECISION_NANO), &message)
    else { return nil }
    unsafe handle = opened
    linkType = unsafe LinkType(dataLink: pcap_datalink(opened))
    snapLength = unsafe UInt32(clamping: pcap_snapshot(opened))
  }

  deinit { unsafe pcap_close(handle) }

  /// What a call for the next packet gave.
  enum Next {
    case packet(Packet)
    case end
    case failure(String)
  }

  /// What libpcap says of a packet beside its bytes.
  struct Packet {
    var captured: UInt32
    var wire: UInt32
    var time: CaptureTime

    /// - Parameter isInNanoseconds: Whether the fraction of a second is; in microseconds otherwise.
    init(_ header: pcap_pkthdr, isInNanoseconds: Bool) {
      captured = min(header.caplen, UInt32(CaptureLimits.recordLength))
      wire = header.len
      time = CaptureTime(nanoseconds: 0).advanced(bySeconds: Int64(header.ts.tv_sec))
        .advanced(byNanoseconds: Int64(header.ts.tv_usec) * (isInNanoseconds ? 1 : 1000))
    }
  }

  /// Reads one packet into `buffer`, which has room for ``CaptureLimits/recordLength`` bytes.
  func next(into buffer: UnsafeMutablePointer<UInt8>) -> Next {
    var header: UnsafeMutablePointer<pcap_pkthdr>?
    var data: UnsafePointer<UInt8>?
    switch unsafe pcap_next_ex(handle, &header, &data) {
    case 1:
      guard let header = unsafe header, let data = unsafe data else { return .failure("no packet") }
      let packet = unsafe Packet(header.pointee, isInNanoseconds: true)
      unsafe buffer.update(from: data, count: Int(packet.captured))
      return .packet(packet)
    case -2: return .end
    default: return unsafe .failure(String(cString: pcap_geterr(handle)))
    }
  }
}

extension LinkType {
  // The few numbers that libpcap's DLT_ and the files' LINKTYPE_ do not share (pcap-common.c), on Linux and
  // macOS.
  private static let exceptions: [(dataLink: Int32, linkType: UInt16)] = [
    (11, 100), (12, 101), (15, 102), (16, 103), (18, 246), (19, 106),
  ]

  /// The LINKTYPE of libpcap's DLT number.
  init(dataLink: Int32) {
    let exception = Self.exceptions.first { $0.dataLink == dataLink }
    self.init(rawValue: exception?.linkType ?? UInt16(clamping: dataLink))
  }

  /// Libpcap's DLT number.
  var dataLink: Int32 {
    Self.exceptions.first { $0.linkType == rawValue }?.dataLink ?? (rawValue == 14 ? 12 : Int32(rawValue))
  }
}
