import Crypto
import Foundation

/// Who signs requests to AWS.
public struct AWSCredentials: Sendable, Hashable {
  public var accessKey: String
  public var secretKey: String
  public var sessionToken: String?

  public init(accessKey: String, secretKey: String, sessionToken: String? = nil) {
    self.accessKey = accessKey
    self.secretKey = secretKey
    self.sessionToken = sessionToken
  }

  /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`; nil where they are not set.
  public init?(environment: [String: String]) {
    guard let key = environment["AWS_ACCESS_KEY_ID"], let secret = environment["AWS_SECRET_ACCESS_KEY"],
      !key.isEmpty, !secret.isEmpty
    else { return nil }
    self.init(accessKey: key, secretKey: secret, sessionToken: environment["AWS_SESSION_TOKEN"])
  }
}

/// AWS Signature Version 4
/// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
public struct SignatureV4: Sendable {
  public var credentials: AWSCredentials
  public var region: String
  public var service: String

  public init(_ credentials: AWSCredentials, region: String, service: String) {
    self.credentials = credentials
    self.region = region
    self.service = service
  }

  /// The headers of a signed request, those given among them.
  ///
  /// - Parameters:
  ///   - path: The path of the URL, percent-encoded; empty means `/`.
  ///   - query: Names and values of the query, not encoded.
  ///   - time: `20150830T123600Z`, in UTC.
  public func headers(
    method: String, host: String, path: String = "/", query: [(String, String)] = [],
    headers given: [String: String] = [:], body: [UInt8], time: String
  ) -> [String: String] {
    var headers = Dictionary(uniqueKeysWithValues: given.map { ($0.key.lowercased(), $0.value) })
    headers["host"] = host
    headers["x-amz-date"] = time
    if let token = credentials.sessionToken, !token.isEmpty { headers["x-amz-security-token"] = token }
    let names = headers.keys.sorted()
    let signed = names.joined(separator: ";")
    let canonicalQuery = query.map { (Self.encoded($0.0), Self.encoded($0.1)) }.sorted { $0 < $1 }
      .map { "\($0)=\($1)" }.joined(separator: "&")
    let canonical = [
      method, path.isEmpty ? "/" : path, canonicalQuery,
      names.map { "\($0):\(Self.trimmed(headers[$0] ?? ""))\n" }.joined(), signed, Self.hash(body),
    ].joined(separator: "\n")
    let day = String(time.prefix(8))
    let scope = "\(day)/\(region)/\(service)/aws4_request"
    let toSign = ["AWS4-HMAC-SHA256", time, scope, Self.hash(Array(canonical.utf8))].joined(separator: "\n")
    var key = SymmetricKey(data: Data("AWS4\(credentials.secretKey)".utf8))
    for part in [day, region, service, "aws4_request"] {
      key = SymmetricKey(data: Data(HMAC<SHA256>.authenticationCode(for: Data(part.utf8), using: key)))
    }
    let signature = Self.hex(HMAC<SHA256>.authenticationCode(for: Data(toSign.utf8), using: key))
    headers["authorization"] =
      "AWS4-HMAC-SHA256 Credential=\(credentials.accessKey)/\(scope), SignedHeaders=\(signed), Signature=\(signature)"
    return headers
  }

  static func hash(_ bytes: [UInt8]) -> String { hex(SHA256.hash(data: Data(bytes))) }

  private static func hex(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// Leading and trailing spaces off, and of several in a row one.
  private static func trimmed(_ value: String) -> String {
    value.split(separator: " ").joined(separator: " ")
  }

  /// Percent-encoding as RFC 3986 has it: letters, digits and `-._~` stay.
  static func encoded(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      let isPlain =
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        || [0x2d, 0x2e, 0x5f, 0x7e].contains(byte)
      encoded += isPlain ? String(UnicodeScalar(byte)) : "%" + hex([byte]).uppercased()
    }
    return encoded
  }
}
