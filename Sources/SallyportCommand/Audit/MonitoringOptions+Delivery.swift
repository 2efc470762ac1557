import AlarmDelivery
import ArgumentParser
import Foundation
import MetricAlarms

extension MonitoringOptions {
  /// Tells the actions of alarms that have changed, in order of time; false if somebody could not be told, which is
  /// reported.
  func tell(_ file: AlarmFile, _ changes: [AlarmTransition]) throws -> Bool {
    if file.isDescription && !deliver { return true }
    let environment = ProcessInfo.processInfo.environment
    let endpoint = snsEndpoint ?? environment["AWS_ENDPOINT_URL_SNS"] ?? environment["AWS_ENDPOINT_URL"]
    let courier = AlarmCourier(
      credentials: AWSCredentials(environment: environment), endpoint: endpoint.flatMap { URL(string: $0) })
    var isComplete = true
    for change in changes {
      for action in change.actions {
        do { try courier.deliver(change, to: action) } catch {
          StandardError.report(error)
          isComplete = false
        }
      }
    }
    return isComplete
  }
}
