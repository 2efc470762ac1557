// swift-tools-version: 6.1
import PackageDescription

// For developers: the readers of hostile input under libFuzzer. Apart from the library's package, since it builds only
// with `-sanitize=fuzzer` (run.sh), which brings libFuzzer and counts what the code visits.
let package = Package(
  name: "Fuzz",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "sallyport", path: "..")],
  targets: [
    // The declaration of libFuzzer's driver.
    .target(name: "CLibFuzzer"),
    .executableTarget(
      name: "Fuzz",
      dependencies: ["CLibFuzzer", .product(name: "SallyportFuzzing", package: "sallyport")]),
  ]
)
