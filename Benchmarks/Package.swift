// swift-tools-version: 6.1
import PackageDescription

// For developers: instructions and times of each stage, with thresholds. Apart from the library's package, so that no
// user of the library gets a benchmark framework with it.
let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "sallyport", path: ".."),
    // Runs benchmarks in processes of their own and holds them to thresholds; without traits it needs no jemalloc.
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "Stages",
      dependencies: [
        .product(name: "Benchmark", package: "benchmark"),
        .product(name: "SallyportBenchmarking", package: "sallyport"),
      ],
      path: "Benchmarks/Stages",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
    // What peers/run measures beside DPDK: the compiled matcher on the same files.
    .executableTarget(
      name: "RuleLookup", dependencies: [.product(name: "SallyportBenchmarking", package: "sallyport")],
      path: "Sources/RuleLookup"),
    // What the script `instructions` counts: one stage a run.
    .executableTarget(
      name: "StageCounts", dependencies: [.product(name: "SallyportBenchmarking", package: "sallyport")],
      path: "Sources/StageCounts"),
  ]
)
