import NetworkTypes

extension CompiledRules {
  /// Puts the index of the first rule that matches each packet, or -1, into `results`.
  ///
  /// - Precondition: the spans have equal counts.
  public func firstMatches(
    remotes: Span<IPv4Address>, services: Span<ServiceKey>, into results: inout MutableSpan<Int32>
  ) {
    precondition(remotes.count == services.count && remotes.count == results.count)
    read { $0.firstMatches(remotes, services, &results) }
  }

  /// Puts the index of the first rule that matches each packet, or -1, into `results`.
  ///
  /// - Precondition: the spans have equal counts.
  public func firstMatches(
    remotes: Span<IPv6Address>, services: Span<ServiceKey>, into results: inout MutableSpan<Int32>
  ) {
    precondition(remotes.count == services.count && remotes.count == results.count)
    read { $0.firstMatches(remotes, services, &results) }
  }
}
