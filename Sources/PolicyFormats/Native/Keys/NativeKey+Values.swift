import NetworkTypes
import VirtualNetworks

/// Keys for plain members of a resource.
extension NativeKey {
  static func text(
    _ name: String, _ path: WritableKeyPath<Draft, String>, default usual: String = "", _ summary: String
  ) -> Self {
    NativeKey(name, .text, summary) { node, draft, _ throws(YAMLProblem) in
      draft[keyPath: path] = try node.text()
    } write: { draft, _ in
      draft[keyPath: path] == usual ? nil : .text(draft[keyPath: path])
    }
  }

  static func text(_ name: String, _ path: WritableKeyPath<Draft, String?>, _ summary: String) -> Self {
    NativeKey(name, .nullable(.text), summary) { node, draft, _ throws(YAMLProblem) in
      draft[keyPath: path] = node.isNull ? nil : try node.text()
    } write: { draft, _ in
      draft[keyPath: path].map(YAMLValue.text)
    }
  }

  static func flag(
    _ name: String, _ path: WritableKeyPath<Draft, Bool>, default usual: Bool = false, _ summary: String
  ) -> Self {
    NativeKey(name, .flag, summary) { node, draft, _ throws(YAMLProblem) in
      draft[keyPath: path] = try node.bool()
    } write: { draft, _ in
      draft[keyPath: path] == usual ? nil : .flag(draft[keyPath: path])
    }
  }

  static func flag(_ name: String, _ path: WritableKeyPath<Draft, Bool?>, _ summary: String) -> Self {
    NativeKey(name, .flag, summary) { node, draft, _ throws(YAMLProblem) in
      draft[keyPath: path] = try node.bool()
    } write: { draft, _ in
      draft[keyPath: path].map(YAMLValue.flag)
    }
  }

  static func integer(
    _ name: String, _ path: WritableKeyPath<Draft, Int?>, in range: ClosedRange<Int>, _ summary: String
  ) -> Self {
    NativeKey(name, .integer(range), summary) { node, draft, _ throws(YAMLProblem) in
      draft[keyPath: path] = try node.integer(in: range)
    } write: { draft, _ in
      draft[keyPath: path].map(YAMLValue.number)
    }
  }

  static func port(_ name: String, _ path: WritableKeyPath<Draft, UInt16?>, _ summary: String) -> Self {
    NativeKey(name, .integer(0...65535), summary) { node, draft, _ throws(YAMLProblem) in
      draft[keyPath: path] = UInt16(try node.integer(in: 0...65535))
    } write: { draft, _ in
      draft[keyPath: path].map { .number(Int($0)) }
    }
  }

  /// A value of an enumeration by its word; words that are not listed are taken only where `other` makes a value.
  static func word<Value: Equatable>(
    _ name: String, _ path: WritableKeyPath<Draft, Value>, _ words: [(String, Value)],
    default usual: Value? = nil, other: (make: (String) -> Value, text: (Value) -> String?)? = nil,
    _ summary: String
  ) -> Self {
    let list = words.map(\.0)
    return NativeKey(name, other == nil ? .word(list) : .text, summary) {
      node, draft, _ throws(YAMLProblem) in
      let word = other == nil ? try node.word(list) : try node.text("one of \(list.joined(separator: ", "))")
      if let value = words.first(where: { $0.0 == word })?.1 ?? other?.make(word) {
        draft[keyPath: path] = value
      }
    } write: { draft, _ in
      let value = draft[keyPath: path]
      if value == usual { return nil }
      return (words.first { $0.1 == value }?.0 ?? other?.text(value)).map(YAMLValue.text)
    }
  }

  /// One block or several, of either family.
  static func blocks(_ name: String, _ path: WritableKeyPath<Draft, [IPPrefix]>, _ summary: String) -> Self {
    NativeKey(name, .oneOrMany(.block), summary) { node, draft, reading throws(YAMLProblem) in
      draft[keyPath: path] = node.listOrOne.compactMap { block in
        reading.log.attempt { () throws(YAMLProblem) in try block.prefix() }
      }
    } write: { draft, _ in
      .oneOrMany(draft[keyPath: path].map { .text($0.description) })
    }
  }

  static func ipv4(_ name: String, _ path: WritableKeyPath<Draft, IPv4Address?>, _ summary: String) -> Self {
    NativeKey(name, .address, summary) { node, draft, _ throws(YAMLProblem) in
      draft[keyPath: path] = try node.ipv4Address()
    } write: { draft, _ in
      draft[keyPath: path].map { .text($0.description) }
    }
  }
}

/// Keys that name other resources.
extension NativeKey {
  static func reference(
    _ name: String, _ kind: NativeKind, _ path: WritableKeyPath<Draft, ResourceID>, _ summary: String
  ) -> Self {
    NativeKey(name, .reference(kind), summary, isRequired: true) { node, draft, reading throws(YAMLProblem) in
      draft[keyPath: path] = try reading.id(kind, node)
    } write: { draft, writing in
      .text(writing.reference(kind, draft[keyPath: path]))
    }
  }

  static func reference(
    _ name: String, _ kind: NativeKind, _ path: WritableKeyPath<Draft, ResourceID?>, _ summary: String
  ) -> Self {
    NativeKey(name, .nullable(.reference(kind)), summary) { node, draft, reading throws(YAMLProblem) in
      draft[keyPath: path] = node.isNull ? nil : try reading.id(kind, node)
    } write: { draft, writing in
      draft[keyPath: path].map { .text(writing.reference(kind, $0)) }
    }
  }

  static func references(
    _ name: String, _ kind: NativeKind, _ path: WritableKeyPath<Draft, [ResourceID]>, _ summary: String
  ) -> Self {
    NativeKey(name, .oneOrMany(.reference(kind)), summary) { node, draft, reading throws(YAMLProblem) in
      draft[keyPath: path] = reading.ids(kind, node)
    } write: { draft, writing in
      .oneOrMany(draft[keyPath: path].map { .text(writing.reference(kind, $0)) })
    }
  }

  /// Subnets by what they are associated by.
  static func associations(_ path: WritableKeyPath<Draft, [ResourceID: ResourceID]>) -> Self {
    NativeKey(
      "associations", .map(.reference(.subnet)),
      "The ids of its associations with subnets, by which calls of AWS name them."
    ) { node, draft, reading throws(YAMLProblem) in
      for member in try node.mapping("a mapping: {rtbassoc-0123: subnet}").members {
        guard
          let subnet = reading.log.attempt({ () throws(YAMLProblem) in try reading.id(.subnet, member.value) }
          )
        else { continue }
        draft[keyPath: path][subnet] = ResourceID(rawValue: member.key)
      }
    } write: { draft, writing in
      let associations = draft[keyPath: path].sorted { ($0.value, $0.key) < ($1.value, $1.key) }
      return associations.isEmpty
        ? nil : .map(associations.map { ($0.value.rawValue, .text(writing.reference(.subnet, $0.key))) })
    }
  }

  /// A mapping or list of parts, each with keys of its own.
  static func parts<Part>(
    _ name: String, _ path: WritableKeyPath<Draft, [Part]>, _ object: NativeObject<Part>, empty: Part,
    _ summary: String
  ) -> Self {
    NativeKey(name, .list(.object(object.name)), summary) { node, draft, reading throws(YAMLProblem) in
      draft[keyPath: path] = try node.list().compactMap { element in
        reading.log.attempt { () throws(YAMLProblem) in
          var part = empty
          object.read(try element.mapping(), into: &part, reading)
          return part
        }
      }
    } write: { draft, writing in
      let parts = draft[keyPath: path]
      return parts.isEmpty ? nil : .list(parts.map { .map(object.write($0, writing)) })
    }
  }

  /// Tags, account and Region, which every resource has.
  static func attributes(_ path: WritableKeyPath<Draft, ResourceAttributes>) -> [Self] {
    [
      NativeKey("tags", .map(.text), "Tags; the resource's key stands for its Name tag.") {
        node, draft, _ throws(YAMLProblem) in
        var tags: [Tag] = []
        for member in try node.mapping().members {
          tags.append(Tag(member.key, member.value.isNull ? "" : try member.value.text()))
        }
        let own = tags.contains { $0.key == "Name" } ? [] : draft[keyPath: path].tags
        draft[keyPath: path].tags = own + tags
      } write: { draft, writing in
        writing.tags(draft[keyPath: path].tags)
      },
      NativeKey("account", .nullable(.text), "The owner's account number.") {
        node, draft, _ throws(YAMLProblem) in
        draft[keyPath: path].account = node.isNull ? nil : try node.text("an account number")
      } write: { draft, writing in
        draft[keyPath: path].account.flatMap { $0 == writing.home.account ? nil : .text($0) }
      },
      NativeKey("region", .nullable(.text), "The Region: us-east-1.") { node, draft, _ throws(YAMLProblem) in
        draft[keyPath: path].region = node.isNull ? nil : try node.text("a Region")
      } write: { draft, writing in
        draft[keyPath: path].region.flatMap { $0 == writing.home.region ? nil : .text($0) }
      },
    ]
  }
}
