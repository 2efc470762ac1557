import Foundation

/// One run of a program of the system: exit code 127 where there is none of that name.
public struct ToolRun: Sendable {
  public var output: String
  public var errors: String
  public var exitCode: Int32

  public init(_ name: String, _ arguments: [String], input: Data = Data()) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [name] + arguments
    let folder = try TemporaryFolder()
    let (inFile, outFile, errorFile) = (
      folder.url.appendingPathComponent("in"), folder.url.appendingPathComponent("out"),
      folder.url.appendingPathComponent("errors")
    )
    try input.write(to: inFile)
    try Data().write(to: outFile)
    try Data().write(to: errorFile)
    process.standardInput = try FileHandle(forReadingFrom: inFile)
    process.standardOutput = try FileHandle(forWritingTo: outFile)
    process.standardError = try FileHandle(forWritingTo: errorFile)
    try process.run()
    process.waitUntilExit()
    output = String(decoding: try Data(contentsOf: outFile), as: UTF8.self)
    errors = String(decoding: try Data(contentsOf: errorFile), as: UTF8.self)
    exitCode = process.terminationStatus
  }
}
