import AlarmDelivery
import Foundation
import MetricAlarms
import NetworkTypes
import TestSupport
import Testing

@Suite("Alarm delivery")
struct AlarmDeliveryTests {
  /// As the command does: one that does not read its input is no reason to end.
  init() { signal(SIGPIPE, SIG_IGN) }

  private static var change: AlarmTransition {
    AlarmTransition(
      alarm: Alarm(
        name: "denied", metric: AlarmMetric(name: "Packets"), comparison: .greaterThan, threshold: 1),
      time: CaptureTime("2026-01-05T09:06:00Z")!, old: .ok, new: .alarm, reason: "because")
  }

  private static var courier: AlarmCourier {
    // As the command does: one of the commands below ends without reading what it is sent.
    signal(SIGPIPE, SIG_IGN)
    var courier = AlarmCourier()
    courier.delays = [0.01, 0.01]
    courier.timeout = 5
    return courier
  }

  @Test("The signature of AWS's published example")
  func publishedSignature() {
    let signature = SignatureV4(
      AWSCredentials(accessKey: "AKIDEXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
      region: "us-east-1", service: "iam")
    let headers = signature.headers(
      method: "GET", host: "iam.amazonaws.com", query: [("Action", "ListUsers"), ("Version", "2010-05-08")],
      headers: ["Content-Type": "application/x-www-form-urlencoded; charset=utf-8"], body: [],
      time: "20150830T123600Z")
    #expect(
      headers["authorization"]
        == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
        + "SignedHeaders=content-type;host;x-amz-date, "
        + "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7")
  }

  @Test("The same signatures as botocore's, whatever the request holds")
  func botocore() throws {
    let script = """
      import json, sys
      try:
          from botocore.auth import SigV4Auth
          from botocore.awsrequest import AWSRequest
          from botocore.credentials import Credentials
      except ImportError:
          sys.exit(77)
      import datetime, botocore.auth
      class Fixed(datetime.datetime):
          @classmethod
          def utcnow(cls): return cls(2026, 1, 5, 9, 6, 0)
          @classmethod
          def now(cls, tz=None): return cls(2026, 1, 5, 9, 6, 0, tzinfo=tz)
      botocore.auth.datetime = type("m", (), {"datetime": Fixed, "timezone": datetime.timezone})
      if hasattr(botocore.auth, "get_current_datetime"):
          botocore.auth.get_current_datetime = lambda remove_tzinfo=True: datetime.datetime(2026, 1, 5, 9, 6, 0)
      for line in sys.stdin:
          body = json.loads(line)
          r = AWSRequest("POST", "http://127.0.0.1:5000/", data=body.encode(),
              headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"})
          SigV4Auth(Credentials("AKID", "secret/+=", "token=="), "sns", "eu-west-1").add_auth(r)
          print(r.headers["Authorization"].split("Signature=")[1])
      """
    let bodies = [
      "Action=Publish", "Message=%7B%22a%22%3A1%7D&Subject=%C3%A9", "", String(repeating: "x", count: 5000),
    ]
    let lines = try bodies.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
    let run = try ToolRun("python3", ["-c", script], input: Data(lines.joined(separator: "\n").utf8))
    if run.exitCode == 77 || run.exitCode == 127 {
      print("skipped: python3 with botocore is not installed (pip install boto3)")
      return
    }
    #expect(run.exitCode == 0, "\(run.errors)")
    let signer = SignatureV4(
      AWSCredentials(accessKey: "AKID", secretKey: "secret/+=", sessionToken: "token=="), region: "eu-west-1",
      service: "sns")
    let own = bodies.map { body in
      signer.headers(
        method: "POST", host: "127.0.0.1:5000",
        headers: ["content-type": "application/x-www-form-urlencoded; charset=utf-8"], body: Array(body.utf8),
        time: "20260105T090600Z")["authorization"]?.split(separator: "=").last.map(String.init) ?? ""
    }
    #expect(run.output.split(separator: "\n").map(String.init) == own)
  }

  @Test("A command gets the message on its input, a file a line")
  func commandAndFile() throws {
    let folder = try TemporaryFolder()
    try Self.courier.deliver(
      Self.change,
      to: "command:cat > '\(folder.path("got"))'; echo $SALLYPORT_STATE >> '\(folder.path("got"))'")
    let got = try String(contentsOfFile: folder.path("got"), encoding: .utf8)
    #expect(got.hasPrefix("{\"AlarmName\":\"denied\"") || got.hasPrefix("{\"AlarmName\": \"denied\""))
    #expect(got.hasSuffix("\nALARM\n"))
    try Self.courier.deliver(Self.change, to: "file:\(folder.path("log"))")
    try Self.courier.deliver(Self.change, to: "file:\(folder.path("log"))")
    #expect(try String(contentsOfFile: folder.path("log"), encoding: .utf8).split(separator: "\n").count == 2)
  }

  @Test("A delivery that fails is tried again; one that goes on failing is an error that says so")
  func retries() throws {
    let folder = try TemporaryFolder()
    let count = folder.path("count")
    // Succeeds at the third try.
    try Self.courier.deliver(
      Self.change, to: "command:echo x >> '\(count)'; test $(wc -l < '\(count)') -ge 3")
    #expect(try String(contentsOfFile: count, encoding: .utf8) == "x\nx\nx\n")
    let loss = #expect(throws: AlarmCourier.Loss.self) {
      try Self.courier.deliver(Self.change, to: "command:exit 7")
    }
    #expect(loss?.tries == 3)
    #expect(loss?.description.contains("exit code 7") ?? false)
    // Nobody listens there.
    let refused = #expect(throws: AlarmCourier.Loss.self) {
      try Self.courier.deliver(Self.change, to: "http://127.0.0.1:9/hook")
    }
    #expect(refused?.tries == 3)
    #expect(throws: AlarmCourier.Loss.self) {
      try Self.courier.deliver(Self.change, to: "arn:aws:sns:eu-west-1:123456789012:ops")
    }
  }

  /// Starts moto's server with a topic and a queue that is subscribed to it, prints where they are, and on the next
  /// line of input prints what came to the queue.
  private static let moto = """
    import json, sys
    try:
        import boto3
        from moto.server import ThreadedMotoServer
    except ImportError:
        sys.exit(77)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    session = boto3.Session("AKID", "secret", region_name="eu-west-1")
    sns, sqs = session.client("sns", endpoint_url=url), session.client("sqs", endpoint_url=url)
    topic = sns.create_topic(Name="ops")["TopicArn"]
    queue = sqs.create_queue(QueueName="ops")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    print(url, topic, flush=True)
    sys.stdin.readline()
    for m in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", []):
        body = json.loads(m["Body"])
        print(json.dumps({"subject": body.get("Subject"), "message": json.loads(body["Message"])}), flush=True)
    server.stop()
    """

  @Test("moto's SNS takes the message and hands it to a queue")
  func topic() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", Self.moto]
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle(forWritingAtPath: "/dev/null")
    try process.run()
    let place = Self.line(output.fileHandleForReading).split(separator: " ").map(String.init)
    guard place.count == 2, let endpoint = URL(string: place[0]) else {
      process.waitUntilExit()
      print("skipped: python3 with moto's server is not installed (pip install 'moto[server]')")
      return
    }
    var courier = Self.courier
    courier.endpoint = endpoint
    courier.credentials = AWSCredentials(accessKey: "AKID", secretKey: "secret")
    try courier.deliver(Self.change, to: place[1])
    let unknown = #expect(throws: AlarmCourier.Loss.self) {
      try courier.deliver(Self.change, to: "arn:aws:sns:eu-west-1:123456789012:nowhere")
    }
    // The topic is not there, and will not be there a second later.
    #expect(unknown?.tries == 1)
    #expect(unknown?.reason.contains("404") ?? false)
    try input.fileHandleForWriting.write(contentsOf: Data("\n".utf8))
    let received = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    let lines = received.split(separator: "\n")
    #expect(lines.count == 1)
    let got = try #require(
      try JSONSerialization.jsonObject(with: Data((lines.first ?? "{}").utf8)) as? [String: Any])
    #expect(got["subject"] as? String == "ALARM: \"denied\" in EU (Ireland)")
    #expect((got["message"] as? [String: Any])?["NewStateReason"] as? String == "because")
  }

  private static func line(_ handle: FileHandle) -> String {
    var text = ""
    while let byte = try? handle.read(upToCount: 1), !byte.isEmpty, byte[0] != 0x0a {
      text += String(UnicodeScalar(byte[0]))
    }
    return text
  }
}
