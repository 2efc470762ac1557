import AlarmDelivery
import Foundation
import MetricAlarms
import NetworkTypes
import TestSupport
import Testing

/// Endpoints, commands and files that do not do what they should.
@Suite("Alarm delivery to what fails")
struct DeliveryFaultTests {
  init() { signal(SIGPIPE, SIG_IGN) }

  private func change(summary: String = "") -> AlarmTransition {
    AlarmTransition(
      alarm: Alarm(
        name: "denied", summary: summary, metric: AlarmMetric(name: "Packets"), comparison: .greaterThan,
        threshold: 1), time: CaptureTime("2026-01-05T09:06:00Z")!, old: .ok, new: .alarm, reason: "because")
  }

  private var courier: AlarmCourier {
    var courier = AlarmCourier()
    courier.delays = [0.01, 0.01]
    courier.timeout = 20
    return courier
  }

  /// What became of a message; nil where it was delivered.
  private func loss(
    _ action: String, _ courier: AlarmCourier? = nil, summary: String = ""
  ) -> AlarmCourier.Loss? {
    do throws(AlarmCourier.Loss) {
      try (courier ?? self.courier).deliver(change(summary: summary), to: action)
      return nil
    } catch { return error }
  }

  // MARK: HTTP

  @Test(
    "A redirect is not followed: the message would be lost on the way", arguments: [301, 302, 303, 307, 308])
  func redirects(_ status: Int) throws {
    let other = try CannedServer(CannedServer.answer(200))
    let server = try CannedServer(CannedServer.answer(status, ["Location: \(other.address)/new"]))
    let loss = try #require(self.loss("\(server.address)/hook"))
    #expect(loss.tries == 1)
    #expect(loss.reason == "HTTP status \(status), a redirect to \(other.address)/new, which is not followed")
    #expect(server.requests.count == 1)
    #expect(server.requests[0].hasPrefix("POST /hook HTTP/1.1\r\n"))
    #expect(server.requests[0].contains("\"AlarmName\": \"denied\""))
    #expect(other.requests.isEmpty)
  }

  @Test("Statuses that pass are tried again, those that stay are not")
  func statuses() throws {
    let busy = try CannedServer(CannedServer.answer(503), CannedServer.answer(429), CannedServer.answer(204))
    #expect(loss(busy.address) == nil)
    #expect(busy.requests.count == 3)
    let strict = try CannedServer(CannedServer.answer(403, [], "go\n away"))
    let refused = try #require(self.loss(strict.address))
    #expect((refused.tries, refused.reason) == (1, "HTTP status 403: go away"))
  }

  @Test("An endpoint that is silent, and one that is not there, are told apart")
  func silence() throws {
    let server = try CannedServer(nil)
    var courier = self.courier
    courier.timeout = 0.5
    courier.delays = [0.01]
    let silent = try #require(self.loss(server.address, courier))
    #expect((silent.tries, silent.reason) == (2, "no answer within 0.5 s"))
    let absent = try #require(self.loss("http://127.0.0.1:9/"))
    #expect(absent.reason.contains("connect to 127.0.0.1"), "\(absent.reason)")
  }

  /// One queue serves all sessions of Foundation, and an exchange that waits once kept it.
  @Test("An endpoint that is silent does not hold up what is told to another")
  func silenceOfAnother() throws {
    let silent = try CannedServer(nil)
    var patient = courier
    patient.timeout = 120
    let waiting = patient
    let isOver = DispatchSemaphore(value: 0)
    Thread.detachNewThread { [self] in
      _ = loss(silent.address, waiting)
      isOver.signal()
    }
    while silent.requests.isEmpty { Thread.sleep(forTimeInterval: 0.01) }
    // Until the one that waits has begun to do so quietly.
    Thread.sleep(forTimeInterval: 0.5)
    let busy = try CannedServer(CannedServer.answer(503), CannedServer.answer(429), CannedServer.answer(204))
    #expect(loss(busy.address, patient) == nil)
    #expect(busy.requests.count == 3)
    // Were the other one waited for, it would have given up.
    #expect(isOver.wait(timeout: .now()) == .timedOut)
    waiting.stop.request()
    isOver.wait()
  }

  @Test("Whoever stops ends what is under way", arguments: ["http", "command"])
  func stop(_ kind: String) throws {
    let server = try CannedServer(nil)
    let courier = self.courier
    Thread.detachNewThread {
      Thread.sleep(forTimeInterval: 0.3)
      courier.stop.request()
    }
    let loss = try #require(self.loss(kind == "http" ? server.address : "command:sleep 300", courier))
    #expect(loss.tries == 1)
    #expect(loss.reason.hasSuffix("given up"), "\(loss.reason)")
    let next = try #require(self.loss("command:true", courier))
    #expect(next.description == "alarm denied: not delivered to command:true: given up")
  }

  // MARK: SNS

  private static func refusal(_ code: String) -> String {
    CannedServer.answer(
      400, ["Content-Type: text/xml"],
      """
      <ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type>
      <Code>\(code)</Code><Message>Rate
      exceeded</Message></Error><RequestId>1</RequestId></ErrorResponse>
      """)
  }

  private func snsCourier(_ server: CannedServer) -> AlarmCourier {
    var courier = courier
    courier.credentials = AWSCredentials(accessKey: "AKID", secretKey: "secret")
    courier.endpoint = URL(string: server.address)
    return courier
  }

  private static let topic = "arn:aws:sns:eu-west-1:123456789012:ops"

  @Test(
    "What SNS refuses because it is busy is tried again, whatever the status",
    arguments: [
      "Throttling", "ThrottlingException", "RequestThrottled", "InternalError", "InternalFailure",
      "ServiceUnavailable",
    ])
  func throttling(_ code: String) throws {
    let server = try CannedServer(Self.refusal(code), Self.refusal(code), CannedServer.answer(200))
    #expect(loss(Self.topic, snsCourier(server)) == nil)
    #expect(server.requests.count == 3)
    let goesOn = try CannedServer(Self.refusal(code))
    let loss = try #require(self.loss(Self.topic, snsCourier(goesOn)))
    #expect((loss.tries, loss.reason) == (3, "HTTP status 400: \(code): Rate exceeded"))
  }

  @Test(
    "What SNS refuses for good is not", arguments: ["InvalidParameter", "AuthorizationError", "NotFound"])
  func refusals(_ code: String) throws {
    let server = try CannedServer(Self.refusal(code))
    #expect(loss(Self.topic, snsCourier(server))?.tries == 1)
    #expect(server.requests.count == 1)
  }

  // MARK: Commands

  @Test(
    "A command that takes too long is ended with its children, and not run again", arguments: [false, true])
  func slowCommand(_ isStubborn: Bool) throws {
    let folder = try TemporaryFolder()
    var courier = courier
    courier.timeout = 1
    let line = """
      command:\(isStubborn ? "trap '' TERM;" : "") echo x >> '\(folder.path("runs"))'; sleep 300 &
      echo $! > '\(folder.path("child"))'; sleep 300
      """
    let loss = try #require(self.loss(line, courier))
    #expect((loss.tries, loss.reason) == (1, "the command took longer than 1 s and was ended"))
    #expect(try String(contentsOfFile: folder.path("runs"), encoding: .utf8) == "x\n")
    let child = try String(contentsOfFile: folder.path("child"), encoding: .utf8)
    let id = try #require(Int32(child.trimmingCharacters(in: .whitespacesAndNewlines)))
    var state = Self.state(of: id)
    for _ in 0..<100 where state != nil {
      Thread.sleep(forTimeInterval: 0.05)
      state = Self.state(of: id)
    }
    #expect(state == nil, "the child is in state \(state ?? "")")
  }

  /// nil where the process is gone, or dead and only not yet asked how it ended.
  private static func state(of id: Int32) -> String? {
    let run = try? ToolRun("ps", ["-o", "stat=", "-p", "\(id)"])
    let state = (run?.output ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    return state.isEmpty || state.hasPrefix("Z") ? nil : state
  }

  @Test("A command that does not read a long message is held to its time; one that does gets all of it")
  func longMessage() throws {
    let folder = try TemporaryFolder()
    let summary = String(repeating: "x", count: 300_000)
    var courier = courier
    courier.timeout = 1
    let loss = try #require(self.loss("command:sleep 30", courier, summary: summary))
    #expect((loss.tries, loss.reason) == (1, "the command took longer than 1 s and was ended"))
    #expect(self.loss("command:true", courier, summary: summary) == nil)
    #expect(self.loss("command:cat > '\(folder.path("got"))'", summary: summary) == nil)
    #expect(try String(contentsOfFile: folder.path("got"), encoding: .utf8).contains(summary))
  }

  @Test("A command that leaves something behind is done when it ends itself")
  func background() throws {
    let folder = try TemporaryFolder()
    // Were it waited for, the test would take its time limit and fail.
    #expect(loss("command:sleep 60 & echo $! > '\(folder.path("child"))'") == nil)
    let child = try String(contentsOfFile: folder.path("child"), encoding: .utf8)
    let id = try #require(Int32(child.trimmingCharacters(in: .whitespacesAndNewlines)))
    #expect(Self.state(of: id) != nil)
    kill(id, SIGKILL)
  }

  // MARK: Files

  @Test("A file that cannot be written is a plain sentence; only what may pass is tried again")
  func files() throws {
    let folder = try TemporaryFolder()
    let rows: [(path: String, tries: Int, says: String)] = [
      (folder.path("none/log"), 1, "the file cannot be opened: No such file or directory"),
      (folder.url.path, 1, "the file cannot be opened: Is a directory"),
      ("/dev/full", 3, "the file cannot be written: No space left on device"),
    ]
    for row in rows where row.path != "/dev/full" || FileManager.default.fileExists(atPath: row.path) {
      let loss = try #require(self.loss("file:\(row.path)"))
      #expect((loss.tries, loss.reason) == (row.tries, row.says))
    }
    // A pipe that nobody reads would be waited for.
    let pipe = folder.path("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    let unread = try #require(self.loss("file:\(pipe)"))
    #expect((unread.tries, unread.reason) == (3, "the file cannot be opened: No such device or address"))
  }
}
