import NetworkTypes

/// One step from a header to the next.
enum EncapsulationStep {
  /// The next header, `length` bytes further on, is of this EtherType.
  case next(etherType: UInt16, length: Int)
  case stop(DecodingStop)
}

/// Follows the headers between the link layer and IP: tags, labels and sessions, whatever their order.
enum Encapsulation {
  /// More headers than this before IP are not followed; Wireshark has been seen with 23 MPLS labels.
  static let limit = 64

  /// The EtherType of PPP.
  static let ppp: UInt16 = 0x880b

  /// Finds the IP header behind the LLC header at `offset`, where the link layer tells no length.
  static func payload(ofLLC frame: Span<UInt8>, at offset: Int) -> LinkPayload {
    switch LogicalLinkControl.step(frame.extracting(droppingFirst: offset)) {
    case .next(let etherType, let length): payload(of: frame, etherType: etherType, at: offset + length)
    case .stop(let stop): .stop(stop)
    }
  }

  /// Finds the IP header behind `etherType` at `offset`.
  static func payload(of frame: Span<UInt8>, etherType: UInt16, at offset: Int) -> LinkPayload {
    var type = etherType
    var offset = offset
    for _ in 0...limit {
      let header = frame.extracting(droppingFirst: offset)
      let step: EncapsulationStep
      switch type {
      case EtherType.ipv4, EtherType.ipv6: return .network(offset: offset, etherType: type)
      case 0x8100, 0x88a8, 0x9100: step = VLANTag.step(header)
      case 0x8847, 0x8848: step = MPLSLabel.step(header)
      case 0x8864: step = PPPoESession.step(header)
      case ppp: step = PPPProtocol.step(header)
      case 0x88e7: step = ProviderBackbone.step(header)
      case 0x892f: step = RedundancyTag.step(header)
      case 0x894f: step = NetworkServiceHeader.step(header)
      case 0...1500: step = LogicalLinkControl.step(header.extracting(first: Int(type)))
      default: return .stop(DecodingStop(.link, .notIP, detail: UInt32(type)))
      }
      switch step {
      case .next(let next, let length):
        type = next
        offset += length
      case .stop(let stop): return .stop(stop)
      }
    }
    return .stop(DecodingStop(.link, .tooManyHeaders, detail: UInt32(limit)))
  }
}
