import CLibpcap
import NetworkTypes

/// A filter expression that libpcap has compiled for one link type.
final class FilterProgram {
  private var program = bpf_program()

  /// nil where libpcap has no such filter for the link type.
  init?(_ expression: String, _ linkType: LinkType) {
    guard let dead = pcap_open_dead(Int32(linkType.rawValue), 262_144) else { return nil }
    defer { pcap_close(dead) }
    guard pcap_compile(dead, &program, expression, 1, bpf_u_int32(PCAP_NETMASK_UNKNOWN)) == 0 else {
      return nil
    }
  }

  deinit { pcap_freecode(&program) }

  func matches(_ frame: [UInt8], wireLength: UInt32) -> Bool {
    var header = pcap_pkthdr()
    header.caplen = UInt32(frame.count)
    header.len = wireLength
    return frame.withUnsafeBufferPointer { buffer in
      buffer.baseAddress.map { pcap_offline_filter(&program, &header, $0) != 0 } ?? false
    }
  }
}

/// A filter expression on what a frame carries, behind any of the headers that libpcap knows how to step over.
///
/// libpcap looks behind a VLAN tag, an MPLS label or a PPPoE header only if told to: each is a program of its own.
final class CarriedFilter {
  private static let carriers = ["", "vlan and ", "vlan and vlan and ", "mpls and ", "pppoes and "]
  private let programs: [FilterProgram]

  init?(_ expression: String, _ linkType: LinkType) {
    let programs = Self.carriers.map { FilterProgram("\($0)(\(expression))", linkType) }
    // A link type that knows no IP has no such filter; one that knows no VLAN has the first.
    guard programs[0] != nil else { return nil }
    self.programs = programs.compactMap { $0 }
  }

  func matches(_ frame: [UInt8], wireLength: UInt32) -> Bool {
    programs.contains { $0.matches(frame, wireLength: wireLength) }
  }
}
