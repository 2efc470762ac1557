import CLibpcap
import CaptureFiles
import Foundation
import TestSupport
import Testing

/// Filters keep what libpcap's own reader keeps.
struct FilterTests {
  static let expressions = [
    "tcp", "udp port 53", "icmp or icmp6", "ip6", "vlan", "greater 100", "tcp[tcpflags] & tcp-syn != 0",
    "not ip and not ip6", "net 10.0.0.0/8", "len <= 60",
  ]

  @Test(
    .enabled(if: Environment.hasShared("captures/files"), "../shared/data/captures is absent: not compared"),
    arguments: expressions)
  func agreesWithLibpcap(expression: String) throws {
    var compared = 0
    for file in TruthFile.all {
      guard let expected = try Self.count(file.capturePath, expression) else { continue }
      let capture = ReadCapture(path: file.capturePath, filter: expression)
      #expect(capture.packets.count == expected, "\(file)")
      compared += 1
    }
    #expect(compared > 30)
  }

  /// Packets that libpcap reads and keeps; nil if it cannot read the file or compile the expression for it.
  static func count(_ path: String, _ expression: String) throws -> Int? {
    var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    guard let handle = pcap_open_offline(path, &message) else { return nil }
    defer { pcap_close(handle) }
    var program = bpf_program()
    guard pcap_compile(handle, &program, expression, 1, bpf_u_int32(PCAP_NETMASK_UNKNOWN)) == 0 else {
      return nil
    }
    defer { pcap_freecode(&program) }
    pcap_setfilter(handle, &program)
    var header: UnsafeMutablePointer<pcap_pkthdr>?
    var data: UnsafePointer<UInt8>?
    var count = 0
    while true {
      let result = pcap_next_ex(handle, &header, &data)
      if result == 1 { count += 1 } else { return result == -2 ? count : nil }
    }
  }

  @Test func aBadExpressionIsNamed() throws {
    let error = try #require(try ReadCapture(PcapBytes().bytes, filter: "tcp prot 5").error)
    #expect("\(error)".hasPrefix("filter \"tcp prot 5\" for link type RAW: "))
  }

  @Test func eachInterfaceHasItsOwnProgram() throws {
    let ip = Array("E\0\0\u{14}\0\0\0\0@\u{6}\0\0\n\0\0\u{1}\n\0\0\u{2}".utf8)
    let bytes = PcapNGFormatTests.bytes { file in
      file.interface(linkType: 101)
      file.interface(linkType: 1)
      file.enhanced(ip)
      file.enhanced([UInt8](repeating: 2, count: 12) + [8, 0] + ip, interface: 1)
      file.enhanced([UInt8](repeating: 2, count: 12) + [8, 6] + ip, interface: 1)
    }
    #expect(try ReadCapture(bytes, filter: "src host 10.0.0.1").packets.count == 2)
    let none = try ReadCapture(bytes, filter: "src host 10.0.0.9")
    #expect(none.packets.isEmpty)
    #expect(none.summary?.packets == 0)
  }

  @Test func aFilteredCaptureIsStillReportedAsCut() throws {
    var bytes = PcapBytes(packets: [(1, 0, [0x45], nil), (2, 0, [0x45, 2], nil)]).bytes
    bytes.removeLast()
    let capture = try ReadCapture(bytes, filter: "ip6")
    #expect(capture.packets.isEmpty)
    #expect(capture.error?.isCut == true)
  }
}
