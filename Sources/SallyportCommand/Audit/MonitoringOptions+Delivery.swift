import AlarmDelivery
import ArgumentParser
import Foundation
import MetricAlarms

extension MonitoringOptions {
  /// Whoever tells of changes of these alarms.
  func desk(_ file: AlarmFile, announces: Bool, isQuiet: Bool = false) -> AlarmDesk {
    AlarmDesk(file.isDescription && !deliver ? nil : courier, announces: announces, isQuiet: isQuiet)
  }

  private var courier: AlarmCourier {
    AlarmCourier(
      credentials: AWSCredentials(environment: ProcessInfo.processInfo.environment),
      endpoint: endpoint.flatMap { URL(string: $0.text) })
  }

  /// Where SNS is instead of at AWS, and who says so: the option, or a variable of the environment.
  private var endpoint: (origin: String, text: String)? {
    if let snsEndpoint { return ("--sns-endpoint", snsEndpoint) }
    guard alarms != nil else { return nil }
    let environment = ProcessInfo.processInfo.environment
    for name in ["AWS_ENDPOINT_URL_SNS", "AWS_ENDPOINT_URL"] {
      if let text = environment[name], !text.isEmpty { return (name, text) }
    }
    return nil
  }

  /// Throws a usage error where the place of SNS is none: messages would go elsewhere.
  func validateEndpoint() throws {
    guard let (origin, text) = endpoint, !AlarmTarget.isEndpoint(text) else { return }
    throw ValidationError(
      "\(origin): found \"\(text)\", expected \(AlarmTarget.expectedEndpoint), such as http://127.0.0.1:4566")
  }
}
