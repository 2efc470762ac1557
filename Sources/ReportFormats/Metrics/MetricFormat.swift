/// How time series are written.
public enum MetricFormat: String, Sendable, CaseIterable {
  /// A line for each series and period.
  case csv
  /// One document, schema `sallyport.metrics/1`.
  case json
  /// OpenMetrics text: counters since the beginning, a sample at the end of each period in which they changed.
  case openMetrics = "openmetrics"
  /// CloudWatch embedded metric format: a JSON object a line.
  case emf

  /// The format that a file's name asks for; nil where it does not tell.
  public init?(path: String) {
    let name = path.lowercased()
    if name.hasSuffix(".csv") {
      self = .csv
    } else if name.hasSuffix(".emf") || name.hasSuffix(".emf.json") {
      self = .emf
    } else if name.hasSuffix(".json") {
      self = .json
    } else if [".prom", ".om", ".openmetrics"].contains(where: name.hasSuffix) {
      self = .openMetrics
    } else {
      return nil
    }
  }
}
