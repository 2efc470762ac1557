/// Where one captured packet lies in a block of bytes, and what the capture says of it.
///
/// Readers lend a block of bytes with an array of these; nothing is copied and the offsets are valid for that
/// block only.
public struct PacketRecord: Hashable, Sendable {
  /// Byte offset of the link-layer header in the lent block.
  public var offset: Int
  /// Bytes that were captured and are present.
  public var capturedLength: UInt32
  /// Bytes that were on the wire; at least `capturedLength` in honest captures, but not checked.
  public var wireLength: UInt32
  public var time: CaptureTime
  public var linkType: LinkType
  /// Index of the capture interface (pcapng), counted over the whole file; 0 for formats without interfaces.
  public var interface: UInt32

  public init(
    offset: Int, capturedLength: UInt32, wireLength: UInt32, time: CaptureTime, linkType: LinkType,
    interface: UInt32 = 0
  ) {
    self.offset = offset
    self.capturedLength = capturedLength
    self.wireLength = wireLength
    self.time = time
    self.linkType = linkType
    self.interface = interface
  }
}

/// A LINKTYPE_ number as capture files carry it (https://www.tcpdump.org/linktypes.html).
public struct LinkType: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt16

  @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// BSD loopback: a 4-byte protocol family in the writer's byte order.
  @inlinable public static var null: Self { Self(rawValue: 0) }
  @inlinable public static var ethernet: Self { Self(rawValue: 1) }
  /// Raw IP, as OpenBSD and some others number it in files.
  @inlinable public static var rawBSD: Self { Self(rawValue: 12) }
  @inlinable public static var rawOpenBSD: Self { Self(rawValue: 14) }
  @inlinable public static var raw: Self { Self(rawValue: 101) }
  @inlinable public static var ppp: Self { Self(rawValue: 9) }
  @inlinable public static var fddi: Self { Self(rawValue: 10) }
  /// PPP in HDLC-like framing (RFC 1662), or Cisco's HDLC where the first byte says so.
  @inlinable public static var pppHDLC: Self { Self(rawValue: 50) }
  @inlinable public static var ciscoHDLC: Self { Self(rawValue: 104) }
  /// OpenBSD loopback: a 4-byte protocol family in network byte order.
  @inlinable public static var loop: Self { Self(rawValue: 108) }
  @inlinable public static var linuxSLL: Self { Self(rawValue: 113) }
  @inlinable public static var ipv4: Self { Self(rawValue: 228) }
  @inlinable public static var ipv6: Self { Self(rawValue: 229) }
  @inlinable public static var ipOverInfiniBand: Self { Self(rawValue: 242) }
  @inlinable public static var linuxSLL2: Self { Self(rawValue: 276) }
}
