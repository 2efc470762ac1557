import AlarmDelivery
import ArgumentParser
import Foundation
import MetricAlarms

extension MonitoringOptions {
  /// Whoever tells of changes of these alarms.
  func desk(_ file: AlarmFile, announces: Bool) -> AlarmDesk {
    AlarmDesk(file.isDescription && !deliver ? nil : courier, announces: announces)
  }

  private var courier: AlarmCourier {
    let environment = ProcessInfo.processInfo.environment
    let endpoint = snsEndpoint ?? environment["AWS_ENDPOINT_URL_SNS"] ?? environment["AWS_ENDPOINT_URL"]
    return AlarmCourier(
      credentials: AWSCredentials(environment: environment), endpoint: endpoint.flatMap { URL(string: $0) })
  }
}
