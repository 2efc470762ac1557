import VirtualNetworks

/// One key of a mapping: how it is read, how it is written, and what its value looks like.
///
/// Reader, writer and schema are driven by the same table of keys, so that none can know what another does not.
struct NativeKey<Draft> {
  typealias Read = (YAMLNode, inout Draft, NativeReading) throws(YAMLProblem) -> Void
  typealias Write = (Draft, NativeWriting) -> YAMLValue?

  var name: String
  var shape: NativeShape
  var summary: String
  var isRequired = false
  var read: Read
  /// The value, or nil where leaving the key out says the same.
  var write: Write

  init(
    _ name: String, _ shape: NativeShape, _ summary: String, isRequired: Bool = false,
    read: @escaping Read, write: @escaping Write
  ) {
    self.name = name
    self.shape = shape
    self.summary = summary
    self.isRequired = isRequired
    self.read = read
    self.write = write
  }

  var required: Self {
    var copy = self
    copy.isRequired = true
    return copy
  }
}

/// A mapping with a fixed set of keys.
struct NativeObject<Draft> {
  /// The name of the schema's definition.
  var name: String
  var summary: String
  var keys: [NativeKey<Draft>]

  init(_ name: String, _ summary: String, _ keys: [NativeKey<Draft>]) {
    self.name = name
    self.summary = summary
    self.keys = keys
  }

  /// Reads every key that is there; each problem is noted and the rest is read.
  func read(_ mapping: YAMLMapping, into draft: inout Draft, _ reading: NativeReading, others: [String] = [])
  {
    reading.log.checkKeys(of: mapping, known: keys.map(\.name) + others)
    read(known: mapping, into: &draft, reading)
  }

  /// The same for a mapping that has other keys, too.
  func read(known mapping: YAMLMapping, into draft: inout Draft, _ reading: NativeReading) {
    for key in keys {
      guard let value = mapping[key.name] else {
        if key.isRequired {
          reading.log.add(at: mapping.location, "found no key \"\(key.name)\", expected \(key.name): …")
        }
        continue
      }
      do { try key.read(value, &draft, reading) } catch { reading.log.add(error) }
    }
  }

  func write(_ draft: Draft, _ writing: NativeWriting) -> [(String, YAMLValue)] {
    keys.compactMap { key in key.write(draft, writing).map { (key.name, $0) } }
  }
}
