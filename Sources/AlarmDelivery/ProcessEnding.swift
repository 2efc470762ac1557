import Foundation

/// How a process ended.
struct ProcessEnding {
  var status: Int32
  var isSignal: Bool

  /// nil while the process runs; what it left running does not count.
  init?(_ process: Process) {
    #if canImport(Glibc)
      // Foundation waits for all that inherited a descriptor of its own: for what a command left in the background, too.
      var info = unsafe siginfo_t()
      let isKnown =
        unsafe waitid(P_PID, id_t(process.processIdentifier), &info, WEXITED | WNOHANG | WNOWAIT) == 0
      if isKnown {
        let child = unsafe info._sifields._sigchld
        guard child.si_pid != 0 else { return nil }
        self.init(status: child.si_status, isSignal: unsafe info.si_code != Int32(CLD_EXITED))
        return
      }
    #endif
    guard !process.isRunning else { return nil }
    self.init(status: process.terminationStatus, isSignal: process.terminationReason != .exit)
  }

  private init(status: Int32, isSignal: Bool) {
    self.status = status
    self.isSignal = isSignal
  }
}
