// swift-tools-version: 6.2
import PackageDescription

// In a package of your own, the dependency is the repository's URL and a version.
let package = Package(
    name: "harden",
    dependencies: [.package(name: "bundletool", path: "../..")],
    targets: [
        .executableTarget(name: "harden", dependencies: [.product(name: "OCIConfig", package: "bundletool")])
    ]
)
