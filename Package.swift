// swift-tools-version: 6.2
import PackageDescription

// One storey a line: a target imports only targets of lower storeys (ARCHITECTURE.md, Scripts/check-layers).

let strict: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "sallyport",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "sallyport", targets: ["SallyportCommand"]),
    .library(name: "Sallyport", targets: ["Sallyport"]),
    // Claims about networks as Swift tests write them; fixtures/swift-package shows how.
    .library(name: "SallyportTesting", targets: ["SallyportTesting"]),
    // What the package in Benchmarks/ measures, part by part.
    .library(
      name: "SallyportBenchmarking",
      targets: [
        "NetworkTypes", "PrefixTables", "WireFormat", "RuleMatching", "VirtualNetworks", "Filtering",
        "TrafficAudit",
        "RuleBenchmarking",
      ]),
    // What the package in Fuzz/ feeds with made-up input.
    .library(
      name: "SallyportFuzzing",
      targets: [
        "NetworkTypes", "WireFormat", "CaptureFiles", "RuleMatching", "VirtualNetworks", "Filtering",
        "PolicyFormats", "TrafficAudit", "PolicyTesting", "TrafficMetrics", "MetricAlarms", "TrafficCosts",
      ]),
  ],
  dependencies: [
    // Arguments, help, completions and usage errors as Swift users know them; only the command needs it.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    // YAML as people write it, with the line and column of every value: networks, policy tests, events, alarms.
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    // Percentiles of `sallyport bench` by an HDR histogram: exact to three digits at any size; only the command needs it.
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    // SHA-256 and HMAC for requests that AWS must trust (Signature Version 4); only the command needs it.
    .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
    // HTTP for `watch --metrics-port`: without dependencies of its own, built in seconds; only the command needs it.
    .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
  ],
  targets: [
    // 0
    .systemLibrary(
      name: "CLibpcap", pkgConfig: "libpcap",
      providers: [.apt(["libpcap-dev"]), .brew(["libpcap"])]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib",
      providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    // 1
    .target(name: "NetworkTypes", swiftSettings: strict),
    .target(name: "Locks", swiftSettings: strict),
    // 2
    .target(name: "PrefixTables", dependencies: ["NetworkTypes"], swiftSettings: strict),
    .target(name: "WireFormat", dependencies: ["NetworkTypes"], swiftSettings: strict),
    .target(
      name: "CaptureFiles", dependencies: ["NetworkTypes", "CLibpcap", "CZlib"],
      // The reader lends spans; a lent span that outlives its batch is a compile error.
      swiftSettings: strict + [.enableExperimentalFeature("Lifetimes")]),
    // 3
    .target(
      name: "RuleMatching", dependencies: ["NetworkTypes", "PrefixTables"], swiftSettings: strict),
    // 4
    .target(
      name: "VirtualNetworks", dependencies: ["NetworkTypes", "RuleMatching"], swiftSettings: strict),
    // 5
    .target(
      name: "Filtering",
      dependencies: ["NetworkTypes", "Locks", "PrefixTables", "RuleMatching", "VirtualNetworks"],
      swiftSettings: strict),
    .target(
      name: "PolicyFormats",
      dependencies: [
        "NetworkTypes", "RuleMatching", "VirtualNetworks", .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict),
    // 6
    .target(
      name: "TrafficAudit",
      dependencies: [
        "NetworkTypes", "Locks", "RuleMatching", "VirtualNetworks", "WireFormat", "Filtering",
      ],
      swiftSettings: strict),
    .target(
      name: "PolicyAnalysis",
      dependencies: [
        "NetworkTypes", "Locks", "PrefixTables", "RuleMatching", "VirtualNetworks", "Filtering",
      ],
      swiftSettings: strict),
    .target(
      name: "TrafficMetrics",
      dependencies: ["NetworkTypes", "RuleMatching", "VirtualNetworks", "Filtering"], swiftSettings: strict),
    // 7
    .target(
      name: "MetricAlarms",
      dependencies: ["NetworkTypes", "VirtualNetworks", "Filtering", "PolicyFormats", "TrafficMetrics"],
      swiftSettings: strict),
    .target(
      name: "TrafficCosts",
      dependencies: ["NetworkTypes", "VirtualNetworks", "Filtering", "PolicyFormats", "TrafficAudit"],
      swiftSettings: strict),
    .target(
      name: "RuleBenchmarking",
      dependencies: [
        "NetworkTypes", "PrefixTables", "WireFormat", "RuleMatching", "VirtualNetworks", "Filtering",
        "TrafficAudit",
      ],
      swiftSettings: strict),
    .target(
      name: "PolicyTesting",
      dependencies: [
        "NetworkTypes", "Locks", "WireFormat", "CaptureFiles", "RuleMatching", "VirtualNetworks", "Filtering",
        "PolicyFormats", "TrafficAudit", "PolicyAnalysis",
      ],
      swiftSettings: strict),
    .target(
      name: "TrafficSynthesis",
      dependencies: [
        "NetworkTypes", "WireFormat", "CaptureFiles", "RuleMatching", "VirtualNetworks", "Filtering",
        "PolicyAnalysis",
      ],
      swiftSettings: strict),
    // 8
    .target(
      name: "ReportFormats",
      dependencies: [
        "NetworkTypes", "RuleMatching", "VirtualNetworks", "Filtering", "PolicyFormats", "TrafficAudit",
        "PolicyAnalysis", "TrafficMetrics", "MetricAlarms", "TrafficCosts", "PolicyTesting",
      ],
      swiftSettings: strict),
    // 9
    .target(
      name: "AlarmDelivery",
      dependencies: [
        "Locks", "MetricAlarms", "ReportFormats", .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: strict),
    .target(
      name: "Sallyport",
      dependencies: [
        "NetworkTypes", "WireFormat", "CaptureFiles", "RuleMatching", "VirtualNetworks", "Filtering",
        "PolicyFormats", "TrafficAudit", "PolicyAnalysis", "TrafficMetrics", "TrafficSynthesis",
      ],
      swiftSettings: strict),
    .target(
      name: "SallyportTesting",
      dependencies: [
        "NetworkTypes", "VirtualNetworks", "Filtering", "PolicyFormats", "PolicyTesting", "ReportFormats",
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "SallyportCommand",
      dependencies: [
        "NetworkTypes", "Locks", "WireFormat", "CaptureFiles", "RuleMatching", "VirtualNetworks", "Filtering",
        "PolicyFormats", "PolicyAnalysis", "TrafficAudit", "TrafficMetrics", "MetricAlarms",
        "TrafficCosts", "RuleBenchmarking", "TrafficSynthesis", "PolicyTesting", "ReportFormats",
        "AlarmDelivery",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Histogram", package: "hdrhistogram-swift"),
        .product(name: "FlyingFox", package: "FlyingFox"),
        .product(name: "FlyingSocks", package: "FlyingFox"),
      ],
      swiftSettings: strict),

    .target(
      name: "TestSupport", dependencies: ["NetworkTypes", "RuleMatching", "VirtualNetworks"],
      path: "Tests/TestSupport"),
    .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
    .testTarget(name: "NetworkTypesTests", dependencies: ["NetworkTypes", "TestSupport"]),
    .testTarget(
      name: "PrefixTablesTests", dependencies: ["PrefixTables", "NetworkTypes", "TestSupport"]),
    .testTarget(
      name: "RuleMatchingTests",
      dependencies: ["RuleMatching", "PrefixTables", "NetworkTypes", "TestSupport"]),
    .testTarget(
      name: "VirtualNetworksTests",
      dependencies: ["NetworkTypes", "RuleMatching", "VirtualNetworks", "TestSupport"]),
    .testTarget(
      name: "PolicyFormatsTests",
      dependencies: ["NetworkTypes", "RuleMatching", "VirtualNetworks", "PolicyFormats", "TestSupport"]),
    .testTarget(
      name: "WireFormatTests", dependencies: ["WireFormat", "NetworkTypes", "TestSupport"]),
    .testTarget(
      name: "CaptureFilesTests",
      dependencies: [
        "CLibpcap", "CZlib", "CaptureFiles", "NetworkTypes", "WireFormat", "ReportFormats", "TestSupport",
        "AllocationCounter",
      ]),
    .testTarget(
      name: "FilteringTests",
      dependencies: ["NetworkTypes", "RuleMatching", "VirtualNetworks", "Filtering", "TestSupport"]),
    .testTarget(
      name: "TrafficAuditTests",
      dependencies: [
        "NetworkTypes", "WireFormat", "CaptureFiles", "VirtualNetworks", "Filtering", "PolicyFormats",
        "TrafficAudit", "TestSupport", "AllocationCounter",
      ]),
    .testTarget(
      name: "PolicyAnalysisTests",
      dependencies: [
        "NetworkTypes", "RuleMatching", "VirtualNetworks", "Filtering", "PolicyFormats", "PolicyAnalysis",
        "TestSupport",
      ]),
    .testTarget(
      name: "RuleBenchmarkingTests",
      dependencies: [
        "NetworkTypes", "RuleMatching", "VirtualNetworks", "Filtering", "RuleBenchmarking", "TestSupport",
      ]),
    .testTarget(
      name: "TrafficMetricsTests",
      dependencies: [
        "NetworkTypes", "RuleMatching", "VirtualNetworks", "Filtering", "TrafficMetrics", "ReportFormats",
        "TestSupport",
      ]),
    .testTarget(
      name: "MetricAlarmsTests",
      dependencies: [
        "NetworkTypes", "VirtualNetworks", "PolicyFormats", "TrafficMetrics", "MetricAlarms", "ReportFormats",
        "AlarmDelivery", "TestSupport",
      ]),
    .testTarget(
      name: "TrafficCostsTests",
      dependencies: [
        "NetworkTypes", "WireFormat", "CaptureFiles", "VirtualNetworks", "Filtering", "PolicyFormats",
        "TrafficAudit", "TrafficCosts", "TestSupport",
      ]),
    .testTarget(
      name: "PolicyTestingTests",
      dependencies: [
        "NetworkTypes", "RuleMatching", "VirtualNetworks", "Filtering", "PolicyFormats", "PolicyAnalysis",
        "PolicyTesting", "TestSupport",
      ]),
    .testTarget(
      name: "TrafficSynthesisTests",
      dependencies: [
        "NetworkTypes", "WireFormat", "CaptureFiles", "RuleMatching", "VirtualNetworks", "Filtering",
        "PolicyFormats", "TrafficAudit", "TrafficSynthesis", "SallyportCommand", "TestSupport",
      ]),
    .testTarget(
      name: "BPFOracleTests",
      dependencies: [
        "CLibpcap", "CaptureFiles", "NetworkTypes", "WireFormat", "RuleMatching", "VirtualNetworks",
        "PolicyFormats", "TrafficSynthesis", "TestSupport",
      ]),
    .testTarget(name: "SallyportTestingTests", dependencies: ["SallyportTesting", "TestSupport"]),
    .testTarget(
      name: "ReferenceTests",
      dependencies: [
        "NetworkTypes", "RuleMatching", "VirtualNetworks", "Filtering", "PolicyFormats", "PolicyAnalysis",
        "TestSupport",
      ]),
    .testTarget(
      name: "ReportFormatsTests",
      dependencies: [
        "NetworkTypes", "WireFormat", "CaptureFiles", "RuleMatching", "VirtualNetworks", "Filtering",
        "PolicyFormats", "TrafficAudit", "PolicyAnalysis", "ReportFormats", "TestSupport",
      ]),
    .testTarget(
      name: "SallyportTests",
      dependencies: [
        "Sallyport", "CaptureFiles", "WireFormat", "RuleMatching", "Filtering", "PolicyFormats",
        "TrafficAudit",
        "PolicyAnalysis", "TrafficMetrics", "TrafficSynthesis", "MetricAlarms", "TestSupport",
      ]),
    // Depends on the command, so that it is built; its tests run it as users do.
    .testTarget(name: "CommandTests", dependencies: ["SallyportCommand", "TestSupport"]),
    .testTarget(
      name: "FidelityTests",
      dependencies: [
        "NetworkTypes", "RuleMatching", "VirtualNetworks", "Filtering", "PolicyFormats", "SallyportCommand",
        "TestSupport",
      ]),
  ]
)
