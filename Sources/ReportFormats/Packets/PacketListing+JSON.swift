import NetworkTypes

extension PacketListing {
  /// Appends a packet as a JSON object in one line; a value that does not apply is left out.
  mutating func appendJSON(_ packet: PacketSummary, to buffer: inout TextBuffer) {
    buffer.append("{\"frame\":")
    buffer.append(decimal: frame)
    buffer.append(",\"time\":\"")
    times.append(packet.time, to: &buffer)
    buffer.append("\"")
    if packet.hasAddresses {
      buffer.append(",\"src_ip\":\"")
      buffer.append(packet.addresses.source)
      buffer.append("\",\"dst_ip\":\"")
      buffer.append(packet.addresses.destination)
      buffer.append("\",\"protocol\":\"")
      buffer.append(packet.ipProtocol)
      buffer.append("\"")
    }
    if packet.showsPorts {
      buffer.append(",\"src_port\":")
      buffer.append(decimal: packet.sourcePort)
      buffer.append(",\"dst_port\":")
      buffer.append(decimal: packet.destinationPort)
    }
    if packet.showsICMPKind {
      buffer.append(",\"icmp_type\":")
      buffer.append(decimal: packet.icmp.type)
      buffer.append(",\"icmp_code\":")
      buffer.append(decimal: packet.icmp.code)
    }
    if packet.fields.contains(.fragmentOffset) {
      buffer.append(",\"fragment_offset\":")
      buffer.append(decimal: packet.fragmentOffset)
      buffer.append(
        packet.fields.contains(.moreFragments) ? ",\"more_fragments\":1" : ",\"more_fragments\":0")
    }
    if packet.fields.contains(.tcpFlags) {
      buffer.append(",\"tcp_flags\":\"")
      buffer.append(packet.tcpFlags)
      buffer.append("\"")
    }
    buffer.append(",\"length\":")
    buffer.append(decimal: packet.wireLength)
    buffer.append(",\"status\":\"")
    // A status is plain ASCII without quotation marks.
    buffer.append(statusOf: packet)
    buffer.append("\"}")
  }
}
