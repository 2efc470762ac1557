import NetworkTypes

// IEEE 802.2 LLC, and SNAP where both SAPs are aa (RFC 1042):
//
//   offset  length  field
//        0       1  destination SAP
//        1       1  source SAP
//        2       1  control: 03 for unnumbered information
//        3       3  SNAP: organization
//        6       2  SNAP: EtherType, if the organization is 000000 or 0000f8

/// The LLC header.
enum LogicalLinkControl {
  static func step(_ header: Span<UInt8>) -> EncapsulationStep {
    guard header.count >= 3 else { return .stop(DecodingStop(.llc, .truncated, detail: 3)) }
    let sap = header[0]
    if sap == 0x06 && header[2] == 0x03 { return .next(etherType: EtherType.ipv4, length: 3) }
    guard sap == 0xaa, header[1] == 0xaa, header[2] == 0x03 else {
      return .stop(DecodingStop(.llc, .notIP, detail: UInt32(sap)))
    }
    guard header.count >= 8 else { return .stop(DecodingStop(.llc, .truncated, detail: 8)) }
    let type = header.load16(6)
    let organization = UInt32(header[3]) << 16 | UInt32(header.load16(4))
    // A SNAP protocol number in the range of lengths would be taken for another LLC header.
    guard organization == 0 || organization == 0xf8, type > 1500 else {
      return .stop(DecodingStop(.llc, .notIP, detail: UInt32(sap)))
    }
    return .next(etherType: type, length: 8)
  }
}
