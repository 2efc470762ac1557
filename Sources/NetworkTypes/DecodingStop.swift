/// The header in which decoding ended early.
public enum DecodingLayer: UInt8, Hashable, Sendable, CaseIterable {
  case link, vlan, ipv4, ipv6, ipv6Extension, tcp, udp, icmp, icmpv6, sctp, vxlan, geneve
  /// LLC with or without SNAP; `loopback`: the protocol family of BSD loopback; `ppp`: PPP and PPPoE.
  case llc, loopback, mpls, ppp, pbb, nsh, dccp, udpLite
}

extension DecodingLayer: CustomStringConvertible {
  /// `link`, `vlan`, `ipv4`, `ipv6`, `ipv6_extension`, `tcp`, …
  public var description: String {
    switch self {
    case .link: "link"
    case .vlan: "vlan"
    case .ipv4: "ipv4"
    case .ipv6: "ipv6"
    case .ipv6Extension: "ipv6_extension"
    case .tcp: "tcp"
    case .udp: "udp"
    case .icmp: "icmp"
    case .icmpv6: "icmpv6"
    case .sctp: "sctp"
    case .vxlan: "vxlan"
    case .geneve: "geneve"
    case .llc: "llc"
    case .loopback: "loopback"
    case .mpls: "mpls"
    case .ppp: "ppp"
    case .pbb: "pbb"
    case .nsh: "nsh"
    case .dccp: "dccp"
    case .udpLite: "udplite"
    }
  }
}

/// Where and why decoding of a packet ended before everything that rules look at was read.
public struct DecodingStop: Hashable, Sendable {
  /// Why decoding ended.
  public enum Reason: UInt8, Hashable, Sendable, CaseIterable {
    /// The capture has fewer bytes than the header needs; `detail` is the number of bytes needed.
    case truncated
    /// The frame carries no IP; `detail` is its EtherType, protocol family or similar.
    case notIP
    /// The link type is not one that Sallyport reads; `detail` is its LINKTYPE number.
    case unsupportedLinkType
    /// The IP version field disagrees with the layer that announced it; `detail` is the version found.
    case badVersion
    /// A header length field is smaller than the header's minimum; `detail` is the length found in bytes.
    case badHeaderLength
    /// The IP header announces less data than the next header needs; `detail` is the length announced.
    case badTotalLength
    /// More headers of one kind than the limit; `detail` is the limit.
    case tooManyHeaders
  }

  public var layer: DecodingLayer
  public var reason: Reason
  public var detail: UInt32

  public init(_ layer: DecodingLayer, _ reason: Reason, detail: UInt32 = 0) {
    self.layer = layer
    self.reason = reason
    self.detail = detail
  }
}

extension DecodingStop: CustomStringConvertible {
  /// The reason in words, without the layer: `truncated (20 bytes needed)`, `not IP (EtherType 0x0806, ARP)`.
  public var description: String {
    switch reason {
    case .truncated: "truncated (\(detail) bytes needed)"
    case .notIP: "not IP (\(protocolText))"
    case .unsupportedLinkType:
      "link type \(LinkType(rawValue: UInt16(truncatingIfNeeded: detail)).name) (\(detail)) is not supported"
    case .badVersion: "IP version \(detail)"
    case .badHeaderLength: "header length \(detail) is too small"
    case .badTotalLength: "length field \(detail) is too small"
    case .tooManyHeaders: "more than \(detail) headers"
    }
  }

  /// What the frame carries instead of IP, in the number space of the layer.
  private var protocolText: String {
    switch layer {
    case .llc: "LLC, SAP \(hex(detail, 2))"
    case .loopback: "protocol family \(detail)"
    case .ppp: "PPP protocol \(hex(detail, 4))"
    // The first byte after the labels, or 0x100 and a label that announces a maintenance message.
    case .mpls: detail < 0x100 ? "MPLS, first byte \(hex(detail, 2))" : "MPLS, label \(detail - 0x100)"
    case .nsh: "NSH, next protocol \(detail)"
    default: "EtherType \(hex(detail, 4))" + (etherTypeName.map { ", " + $0 } ?? "")
    }
  }

  private var etherTypeName: String? {
    switch detail {
    case 0x0806: "ARP"
    case 0x8035: "RARP"
    case 0x86dd: "IPv6"
    case 0x8847, 0x8848: "MPLS"
    case 0x8863: "PPPoE discovery"
    case 0x888e: "EAPOL"
    case 0x88cc: "LLDP"
    case 0x8902: "CFM"
    case 0x9000: "loopback test"
    default: nil
    }
  }

  private func hex(_ value: UInt32, _ width: Int) -> String {
    let digits = String(value, radix: 16)
    return "0x" + String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }
}
