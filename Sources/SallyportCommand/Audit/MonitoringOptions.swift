import ArgumentParser
import ReportFormats
import TrafficMetrics

extension MetricFormat: ExpressibleByArgument {}

/// Options of `audit` and `watch` that follow the traffic over time.
struct MonitoringOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Write time series of packets, bytes, flows and connections, by verdict, interface, group, rule and code: CSV "
        + "(.csv), JSON (.json), OpenMetrics (.prom, .om) or CloudWatch embedded metrics (.emf), by the file's name.",
      valueName: "file"),
    completion: .file())
  var metrics: String?

  @Option(help: "The format of --metrics where the name does not tell: csv, json, openmetrics or emf.")
  var metricsFormat: MetricFormat?

  @Option(
    name: .customLong("metrics-period"),
    help: ArgumentHelp("Seconds of one period of --metrics; 60 unless named.", valueName: "seconds"))
  var periodOfMetrics: Int?

  var metricsPeriod: Int { periodOfMetrics ?? 60 }

  @Option(
    help: ArgumentHelp(
      "Evaluate alarms as CloudWatch does: YAML, or the output of aws cloudwatch describe-alarms.",
      valueName: "file"),
    completion: .file())
  var alarms: String?

  @Flag(
    help: ArgumentHelp(
      "Deliver to the actions of described alarms, too. Those of a YAML file are always delivered to: command:…, "
        + "file:…, http://…, or an SNS topic's ARN (with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)."))
  var deliver = false

  @Option(
    help: ArgumentHelp(
      "Where SNS is instead of at AWS; also AWS_ENDPOINT_URL_SNS or AWS_ENDPOINT_URL.", valueName: "url"))
  var snsEndpoint: String?

  /// The format of the metrics; nil where neither option nor name tells.
  var formatOfMetrics: MetricFormat? { metricsFormat ?? metrics.flatMap(MetricFormat.init(path:)) }

  func validate() throws {
    guard (1...86_400).contains(metricsPeriod) else {
      throw ValidationError("--metrics-period \(metricsPeriod): expected 1 to 86400 seconds")
    }
    if metrics == nil, periodOfMetrics != nil || metricsFormat != nil {
      throw ValidationError(
        "--metrics-period and --metrics-format are about --metrics FILE, which is not given")
    }
    if let metrics, formatOfMetrics == nil {
      throw ValidationError(
        "--metrics \(metrics): the name does not tell the format: end it in .csv, .json, .prom or .emf, or add "
          + "--metrics-format")
    }
    try validateEndpoint()
  }
}
