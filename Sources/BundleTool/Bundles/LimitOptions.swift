import ArgumentParser
import Bundles

/// How much a source may unpack to; what is larger is refused as a bomb.
struct LimitOptions: ParsableArguments {
    @Option(help: "Bytes of all files together.")
    var maxBytes = UnpackLimits().bytes

    @Option(help: "Files, folders and links of all layers together.")
    var maxEntries = UnpackLimits().entries

    @Option(help: "How many times as large as its compressed form a layer may be, beyond its first GiB.")
    var maxRatio = UnpackLimits().ratio

    var limits: UnpackLimits {
        var limits = UnpackLimits()
        limits.bytes = maxBytes
        limits.entries = maxEntries
        limits.ratio = maxRatio
        return limits
    }

    func validate() throws {
        if maxBytes < 1 || maxEntries < 1 || maxRatio < 1 { throw ValidationError("a limit must be at least 1") }
    }
}
