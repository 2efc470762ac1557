import NetworkTypes

/// Many lookups in one list: what the headers say is read once.
extension BlockReader {
  @inline(__always)
  func firstMatches(
    _ remotes: Span<IPv4Address>, _ services: Span<ServiceKey>, _ results: inout MutableSpan<Int32>
  ) {
    guard isOnlySegment else {
      for index in remotes.indices { results[index] = firstMatch(remotes[index], services[index]) }
      return
    }
    let (addresses, columns, cells) = (
      line(BlockLayout.v4), line(BlockLayout.services), cells(0, BlockLayout.v4)
    )
    let isWide = isWide
    for index in remotes.indices {
      let row = value(of: remotes[index].rawValue, addresses, isWide)
      let column = value(of: services[index].rawValue, columns, isWide)
      results[index] = firstMatch(row: row, column: column, cells, isWide)
    }
  }

  @inline(__always)
  func firstMatches(
    _ remotes: Span<IPv6Address>, _ services: Span<ServiceKey>, _ results: inout MutableSpan<Int32>
  ) {
    guard isOnlySegment else {
      for index in remotes.indices { results[index] = firstMatch(remotes[index], services[index]) }
      return
    }
    let (columns, cells) = (line(BlockLayout.services), cells(0, BlockLayout.v6))
    let isWide = isWide
    for index in remotes.indices {
      let column = value(of: services[index].rawValue, columns, isWide)
      results[index] = firstMatch(row: row(of: remotes[index]), column: column, cells, isWide)
    }
  }
}
