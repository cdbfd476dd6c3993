internal import Glibc
internal import OCIConfig

/// What an image is made for: `os/architecture[/variant]`.
public struct ImagePlatform: Hashable, Sendable, CustomStringConvertible {
    /// As in `linux`.
    public var os: String
    /// As in `amd64`.
    public var architecture: String
    /// As in `v8`; nil where there is none or any will do.
    public var variant: String?

    /// - Parameter text: `linux/arm64`, `linux/arm/v7`, or an architecture alone.
    public init(_ text: String) throws {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count), !parts.contains("") else {
            throw BundleError(.badImage, "'\(text)' is no platform; write it like linux/amd64 or linux/arm/v7")
        }
        os = parts.count == 1 ? "linux" : parts[0]
        architecture = parts.count == 1 ? parts[0] : parts[1]
        variant = parts.count == 3 ? parts[2] : nil
        normalise()
    }

    init(os: String, architecture: String, variant: String?) {
        (self.os, self.architecture, self.variant) = (os, architecture, variant)
        normalise()
    }

    init?(_ platform: ImageSpec.Platform) {
        guard let os = platform.os, let architecture = platform.architecture else { return nil }
        self.init(os: os, architecture: architecture, variant: platform.variant)
    }

    /// Other names for the same thing.
    private mutating func normalise() {
        if variant == "" { variant = nil }
        switch (architecture, variant) {
        case ("x86_64", _), ("x86-64", _): architecture = "amd64"
        case ("aarch64", _), ("arm64", "v8"): (architecture, variant) = ("arm64", nil)
        case ("armhf", _): (architecture, variant) = ("arm", "v7")
        case ("amd64", "v1"): variant = nil
        case ("i386", _), ("i686", _): architecture = "386"
        default: break
        }
    }

    /// This machine's.
    public static var host: ImagePlatform {
        var name = utsname()
        uname(&name)
        let machine = withUnsafeBytes(of: &name.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let known = ["armv7l": "arm", "armv6l": "arm", "riscv64": "riscv64", "ppc64le": "ppc64le", "s390x": "s390x"]
        let variants = ["armv7l": "v7", "armv6l": "v6"]
        return ImagePlatform(os: "linux", architecture: known[machine] ?? machine, variant: variants[machine])
    }

    /// Whether an image for `other` is what is wanted.
    func accepts(_ other: ImagePlatform) -> Bool {
        os == other.os && architecture == other.architecture && (variant == nil || variant == other.variant)
    }

    /// `linux/arm/v7`.
    public var description: String { "\(os)/\(architecture)" + (variant.map { "/\($0)" } ?? "") }
}
