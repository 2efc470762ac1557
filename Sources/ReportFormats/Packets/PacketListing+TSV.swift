import NetworkTypes

extension PacketListing {
  /// Appends a packet as tab-separated values; a value that does not apply is empty.
  mutating func appendTSV(_ packet: PacketSummary, to buffer: inout TextBuffer) {
    let tab = UInt8(ascii: "\t")
    buffer.append(decimal: frame)
    buffer.append(byte: tab)
    if packet.hasAddresses {
      buffer.append(packet.addresses.source)
      buffer.append(byte: tab)
      buffer.append(packet.addresses.destination)
      buffer.append(byte: tab)
      buffer.append(packet.ipProtocol)
      buffer.append(byte: tab)
    } else {
      buffer.append("\t\t\t")
    }
    if packet.showsPorts {
      buffer.append(decimal: packet.sourcePort)
      buffer.append(byte: tab)
      buffer.append(decimal: packet.destinationPort)
    } else {
      buffer.append(byte: tab)
    }
    buffer.append(byte: tab)
    if packet.showsICMPKind {
      buffer.append(decimal: packet.icmp.type)
      buffer.append(byte: tab)
      buffer.append(decimal: packet.icmp.code)
    } else {
      buffer.append(byte: tab)
    }
    buffer.append(byte: tab)
    if packet.fields.contains(.fragmentOffset) {
      buffer.append(decimal: packet.fragmentOffset)
      buffer.append(byte: tab)
      buffer.append(byte: UInt8(ascii: packet.fields.contains(.moreFragments) ? "1" : "0"))
    } else {
      buffer.append(byte: tab)
    }
    buffer.append(byte: tab)
    if packet.fields.contains(.tcpFlags) { buffer.append(packet.tcpFlags) }
    buffer.append(byte: tab)
    buffer.append(decimal: packet.wireLength)
    buffer.append(byte: tab)
    buffer.append(statusOf: packet)
  }
}
