/// How much of what a capture file claims is believed.
///
/// Every length in a capture is a number that a stranger wrote. What goes beyond these limits is reported as
/// ``CaptureError/damage(_:)`` or ``CaptureError/excess(input:what:limit:)``, never followed.
public enum CaptureLimits {
  /// The longest packet record in bytes; the same limit as libpcap and Wireshark.
  ///
  /// A record longer than its file's snap length but not than this is legal in the wild, and read.
  public static let recordLength = 262_144

  /// The longest record of link types that carry more than frames (D-Bus, USB, EBHSCR): 128 MiB, as in
  /// Wireshark.
  public static let longRecordLength = 128 << 20

  /// The longest pcapng block that has to be kept in memory; longer blocks of kinds that carry no packets are
  /// skipped.
  public static let blockLength = longRecordLength + 65_536

  /// The most options that are looked at in one pcapng interface block.
  public static let optionCount = 1024

  /// The most bytes of an interface's name or description in a pcapng file that are kept.
  public static let interfaceTextLength = 4096

  /// The most comments of a packet that are found in a pcapng file.
  public static let commentCount = 64

  /// The most interfaces in one pcapng file, over all its sections.
  public static let interfaceCount = 65_536

  /// The longest line of text that is read.
  public static let lineLength = 1 << 16

  /// Bytes that streams (pipes, standard input, gzip) are read in; also the smallest window.
  public static let windowLength = 1 << 20
}
