import CLibFuzzer
import Foundation

/// Feeds a reader with what libFuzzer makes up: `FUZZ_TARGET=pcap Fuzz [options of libFuzzer] [folder]...`.
///
/// Two other calls help `run.sh`: `Fuzz --list` prints the targets, `Fuzz --seeds PROJECT FOLDER` writes for each of
/// them a corpus made of the project's fixtures, and a dictionary.
@main struct Fuzz {
  static func main() throws {
    let arguments = CommandLine.arguments
    if arguments.dropFirst() == ["--list"] {
      for target in FuzzTarget.allCases { print(target.rawValue) }
    } else if arguments.count == 4, arguments[1] == "--seeds" {
      try Seeds(project: URL(fileURLWithPath: arguments[2])).write(below: URL(fileURLWithPath: arguments[3]))
    } else {
      _ = FuzzTarget.chosen
      var count = CommandLine.argc
      var words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
      exit(LLVMFuzzerRunDriver(&count, &words) { start, count in fuzz(start, count) })
    }
  }
}

// By the name that libFuzzer's own main function wants, which is linked in though it never runs.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  FuzzTarget.chosen.run(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}
