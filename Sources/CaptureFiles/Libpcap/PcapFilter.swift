import CLibpcap
import NetworkTypes

/// A filter expression in tcpdump's language, compiled by libpcap for each link type that it meets.
final class PcapFilter {
  let expression: String
  private var programs: [LinkType: FilterProgram] = [:]

  init(expression: String) { self.expression = expression }

  /// Compiles the expression for a link type; does nothing if that was done before.
  ///
  /// Throws ``CaptureError/filter(expression:linkType:reason:)``. Libpcap itself may look host names up.
  func compile(for linkType: LinkType) throws(CaptureError) {
    _ = try program(for: linkType)
  }

  /// Keeps the records that the expression matches.
  func keepMatching(_ records: inout [PacketRecord], in bytes: Span<UInt8>) throws(CaptureError) {
    var kept = 0
    for index in records.indices {
      let record = records[index]
      let packet = bytes.extracting(record.offset..<record.offset + Int(record.capturedLength))
      if try program(for: record.linkType).matches(packet, wireLength: record.wireLength) {
        records[kept] = record
        kept += 1
      }
    }
    records.removeLast(records.count - kept)
  }

  private func program(for linkType: LinkType) throws(CaptureError) -> FilterProgram {
    if let program = programs[linkType] { return program }
    let program = try FilterProgram(expression: expression, linkType: linkType)
    programs[linkType] = program
    return program
  }
}

/// A filter expression compiled for one link type.
@safe
private final class FilterProgram {
  private var program = unsafe bpf_program()

  init(expression: String, linkType: LinkType) throws(CaptureError) {
    guard let dead = unsafe pcap_open_dead(linkType.dataLink, Int32(CaptureLimits.recordLength)) else {
      throw .filter(expression: expression, linkType: linkType, reason: "libpcap has no memory")
    }
    defer { unsafe pcap_close(dead) }
    guard unsafe pcap_compile(dead, &program, expression, 1, bpf_u_int32(PCAP_NETMASK_UNKNOWN)) == 0 else {
      throw .filter(
        expression: expression, linkType: linkType, reason: unsafe String(cString: pcap_geterr(dead)))
    }
  }

  deinit { unsafe pcap_freecode(&program) }

  /// Runs the program on a packet; `wireLength` is what `len` in an expression means.
  func matches(_ packet: Span<UInt8>, wireLength: UInt32) -> Bool {
    var header = pcap_pkthdr()
    header.caplen = UInt32(packet.count)
    header.len = wireLength
    return unsafe packet.withUnsafeBufferPointer { buffer in
      // An empty packet may have no address; libpcap reads nothing of it but wants a pointer.
      unsafe withUnsafePointer(to: UInt8(0)) { nothing in
        unsafe pcap_offline_filter(&program, &header, buffer.baseAddress ?? nothing) != 0
      }
    }
  }
}
