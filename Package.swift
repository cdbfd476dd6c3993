// swift-tools-version: 6.2
import PackageDescription

var strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]
// A warning fails CI, and not the build of somebody whose compiler is newer than ours.
if Context.environment["CI"] != nil { strict.append(.treatAllWarnings(as: .error)) }

// Half of the time of a short command is the dynamic loader's: packed relocations, no table of exported symbols, and the
// C++ runtime linked in. On the executable only, so that other packages can use the library.
let quickStart = LinkerSetting.unsafeFlags(
    [
        "-use-ld=lld", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs", "-Xlinker", "--no-export-dynamic",
        "-L\(Context.packageDirectory)/scripts/link", "-Xclang-linker", "-static-libgcc",
    ], .when(configuration: .release))

let package = Package(
    name: "bundletool",
    products: [
        .executable(name: "bundletool", targets: ["BundleTool"]),
        .library(name: "OCIConfig", targets: ["OCIConfig"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // Without its Foundation trait: the tool links FoundationEssentials only, which keeps the binary small.
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    ],
    targets: [
        // System libraries. Each module map says how the library is linked.
        .systemLibrary(name: "CArchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CXXHash", providers: [.apt(["libxxhash-dev"])]),
        .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CCrypto", providers: [.apt(["libssl-dev"])]),
        // System calls that Swift cannot import.
        .target(name: "CLinux"),
        // ISA-L, where it is installed.
        .target(name: "CInflate"),
        // libcurl, where it is installed.
        .target(name: "CFetch"),

        .target(name: "OCIConfig", swiftSettings: strict),
        .target(name: "LinuxSystem", dependencies: ["CLinux"], swiftSettings: strict),
        .target(
            name: "Bundles",
            dependencies: ["OCIConfig", "LinuxSystem", "CLinux", "CArchive", "CZlib", "CCrypto", "CInflate", "CFetch"],
            swiftSettings: strict),
        .target(
            name: "Migrate",
            dependencies: [
                "OCIConfig", "LinuxSystem", "Bundles", "CXXHash", "CZstd",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "BundleTool",
            dependencies: [
                "OCIConfig", "LinuxSystem", "Bundles", "Migrate",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: strict, linkerSettings: [quickStart]),

        .target(
            name: "TestSupport",
            dependencies: [
                "LinuxSystem", "OCIConfig", "Bundles", "CArchive",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/TestSupport",
            swiftSettings: strict),
        .testTarget(name: "OCIConfigTests", dependencies: ["OCIConfig", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "ConfigCommandTests",
            dependencies: [
                "BundleTool", "Bundles", "OCIConfig", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: strict),
        .testTarget(name: "LinuxSystemTests", dependencies: ["LinuxSystem", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "BundlesTests", dependencies: ["Bundles", "OCIConfig", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "MigrateTests", dependencies: ["Migrate", "OCIConfig", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "IntegrationTests",
            dependencies: ["TestSupport", "OCIConfig", "LinuxSystem", "Bundles", "Migrate"],
            exclude: ["Fixtures"],
            swiftSettings: strict),
    ]
)
