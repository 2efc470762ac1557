#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Signals that end the process, at any time: files that have no name yet are removed, so that what a command leaves
/// behind is whole or not there.
enum EndingSignals {
  private typealias Slots = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

  /// How many unfinished files are remembered at once; a command has no more than a handful.
  private static let slotCount = 32
  /// Paths as C strings. Handlers only read them, and none is ever freed: a handler may be looking.
  nonisolated(unsafe) private static let slots: Slots = {
    let slots = Slots.allocate(capacity: slotCount)
    unsafe slots.initialize(repeating: nil, count: slotCount)
    return unsafe slots
  }()

  /// Remembers a file that is removed should a signal end the process.
  static func add(_ path: String) {
    for index in 0..<slotCount where unsafe slots[index] == nil {
      unsafe slots[index] = strdup(path)
      return
    }
  }

  /// Forgets a file that has got its name, or is gone.
  static func remove(_ path: String) {
    for index in 0..<slotCount {
      if let held = unsafe slots[index], unsafe String(cString: held) == path { unsafe slots[index] = nil }
    }
  }

  /// Takes the signals that end a process from now on; those that whoever started it ignores stay ignored.
  ///
  /// SIGBUS is what reading a file that somebody cuts short at that moment ends in; it becomes exit code 2 and a
  /// sentence.
  static func listen() {
    // Made before any handler can ask for it.
    _ = unsafe slots
    // A file that may not grow is an error of writing, as a full disk is.
    signal(SIGXFSZ, SIG_IGN)
    for number in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(number) {
      take(number) { number in EndingSignals.end(number) }
    }
    take(SIGBUS) { _ in
      EndingSignals.removeFiles()
      let text: StaticString = "sallyport: a file became shorter while it was being read\n"
      _ = unsafe write(2, text.utf8Start, text.utf8CodeUnitCount)
      _exit(2)
    }
  }

  /// Sets a handler, without SA_RESTART: a read that waits for a pipe comes back instead of going on.
  static func take(_ number: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
    var action = sigaction()
    #if canImport(Darwin)
      unsafe action.__sigaction_u.__sa_handler = handler
    #elseif canImport(Musl)
      unsafe action.__sa_handler.sa_handler = handler
    #else
      unsafe action.__sigaction_handler.sa_handler = handler
    #endif
    _ = unsafe sigaction(number, &action, nil)
    // Whoever starts the program from a thread that blocks signals (Foundation does) hands the block on.
    var signals = sigset_t()
    _ = unsafe sigemptyset(&signals)
    _ = unsafe sigaddset(&signals, number)
    _ = unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// Ends the process as the signal does that nobody takes; for handlers.
  static func end(_ number: Int32) {
    removeFiles()
    signal(number, SIG_DFL)
    raise(number)
  }

  /// Removes what is unfinished; safe in a signal handler.
  static func removeFiles() {
    for index in 0..<slotCount {
      if let path = unsafe slots[index] { _ = unsafe unlink(path) }
    }
  }

  /// Whether whoever started the process wants it to ignore the signal.
  static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard unsafe sigaction(number, nil, &action) == 0 else { return false }
    #if canImport(Darwin)
      let handler = unsafe action.__sigaction_u.__sa_handler
    #elseif canImport(Musl)
      let handler = unsafe action.__sa_handler.sa_handler
    #else
      let handler = unsafe action.__sigaction_handler.sa_handler
    #endif
    // SIG_IGN is the address 1 everywhere.
    return unsafe unsafeBitCast(handler, to: Int.self) == 1
  }
}
