import CaptureFiles
import Filtering
import NetworkTypes
import ReportFormats
import TrafficAudit

/// The packets of one class on their way to a pcapng file, each with a comment that says why, and with those that it had.
final class AnnotatedOutput: AuditSink {
  private let packetClass: PacketClass
  private var comments: PacketComments
  private var encoder = CaptureEncoder(.pcapng)
  private let output: Output
  private var bytes: [UInt8] = []
  private var frame = 0
  /// The number in the file of each interface that had a packet.
  private var numbers: [Place: UInt32] = [:]
  /// What the file says of its interfaces: captures name the same one by different numbers.
  private var interfaces: [CaptureInterface: UInt32] = [:]

  /// An interface in the numbering of its capture.
  private struct Place: Hashable {
    var input: ObjectIdentifier
    var index: UInt32
  }

  init(_ packetClass: PacketClass, _ filter: PacketFilter, _ output: Output) {
    self.packetClass = packetClass
    comments = PacketComments(filter)
    self.output = output
    encoder.beginSection(program: "sallyport", into: &bytes)
  }

  func take(_ batch: PacketBatch, at begin: Int, of captures: CaptureMerge, _ auditor: Auditor) throws {
    for index in auditor.verdicts.indices {
      frame += 1
      if !auditor.duplicates.isEmpty && auditor.duplicates.contains(index) { continue }
      let verdict = auditor.verdicts[index]
      guard verdict.packetClass == packetClass, let origin = captures.origin(of: begin + index) else {
        continue
      }
      let comment = comments.comment(on: verdict, frame: frame, tracker: auditor.tracker)
      origin.input.lend { reader in append(reader, origin, comment) }
    }
    if bytes.count >= 1 << 16 { try output.write(&bytes) }
  }

  func goOn(with filter: PacketFilter) { comments.goOn(with: filter) }

  func finish() throws {
    // A file without an interface is no capture to some readers.
    if encoder.interfaceCount == 0 {
      encoder.add(CaptureInterface(linkType: .ethernet, snapLength: 0), into: &bytes)
    }
    try output.write(&bytes)
  }

  private func append(_ reader: borrowing CaptureReader, _ origin: CaptureMerge.Origin, _ comment: [UInt8]) {
    let record = reader.records[origin.record]
    let number = interface(of: record, reader, in: origin.input)
    var others: [[UInt8]] = []
    for range in reader.comments(on: record) {
      let text = reader.bytes.extracting(range)
      others.append(text.indices.map { text[$0] })
    }
    let frame = reader.bytes.extracting(record.offset..<record.offset + Int(record.capturedLength))
    encoder.append(
      time: record.time, wireLength: record.wireLength, interface: number, comment: comment,
      others: others, into: &bytes
    ) { bytes in
      bytes.append(addingCapacity: frame.count) { output in
        for index in frame.indices { output.append(frame[index]) }
      }
    }
  }

  /// The number in the file of a packet's interface, which is written before its first packet.
  ///
  /// Interfaces of which the captures say the same are one: which capture came first, and how far it was read ahead, is
  /// not to be seen in the file.
  private func interface(
    of record: PacketRecord, _ reader: borrowing CaptureReader, in input: CaptureInput
  ) -> UInt32 {
    let place = Place(input: ObjectIdentifier(input), index: record.interface)
    if let number = numbers[place] { return number }
    let all = reader.summary.interfaces
    guard Int(record.interface) < all.count else { return 0 }
    let interface = all[Int(record.interface)]
    let number = interfaces[interface] ?? encoder.add(interface, into: &bytes)
    interfaces[interface] = number
    numbers[place] = number
    return number
  }
}
