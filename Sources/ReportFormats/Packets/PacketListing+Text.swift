import NetworkTypes

extension PacketListing {
  /// Appends a packet in tcpdump's spirit:
  /// `1 2026-01-02T03:04:05.000006Z IP 10.0.0.1.22 > 10.0.0.2.4000: tcp S, length 74`.
  mutating func appendText(_ packet: PacketSummary, to buffer: inout TextBuffer) {
    buffer.append(decimal: frame)
    buffer.append(" ")
    times.append(packet.time, to: &buffer)
    buffer.append(" ")
    if packet.hasAddresses {
      appendAddresses(packet, to: &buffer)
      buffer.append(": ")
      buffer.append(packet.ipProtocol)
      appendTransport(packet, to: &buffer)
      if packet.isFragment {
        buffer.append(", fragment at ")
        buffer.append(decimal: packet.fragmentOffset)
        buffer.append(packet.fields.contains(.moreFragments) ? ", more follow" : ", the last")
      }
      if packet.stop != nil {
        buffer.append(" [")
        buffer.append(statusOf: packet)
        buffer.append("]")
      }
    } else {
      buffer.append(statusOf: packet)
    }
    buffer.append(", length ")
    buffer.append(decimal: packet.wireLength)
  }

  private func appendAddresses(_ packet: PacketSummary, to buffer: inout TextBuffer) {
    buffer.append(packet.addresses.family == .v4 ? "IP " : "IP6 ")
    buffer.append(packet.addresses.source)
    if packet.showsPorts {
      buffer.append(".")
      buffer.append(decimal: packet.sourcePort)
    }
    buffer.append(" > ")
    buffer.append(packet.addresses.destination)
    if packet.showsPorts {
      buffer.append(".")
      buffer.append(decimal: packet.destinationPort)
    }
  }

  private func appendTransport(_ packet: PacketSummary, to buffer: inout TextBuffer) {
    if packet.fields.contains(.tcpFlags) {
      buffer.append(" ")
      if packet.tcpFlags.isEmpty { buffer.append("none") } else { buffer.append(packet.tcpFlags) }
    } else if packet.showsICMPKind {
      buffer.append(" type ")
      buffer.append(decimal: packet.icmp.type)
      buffer.append(" code ")
      buffer.append(decimal: packet.icmp.code)
    }
  }
}
