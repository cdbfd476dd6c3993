import ArgumentParser
import OCIConfig

/// Limits of block devices; -1 removes that of a device.
struct ConfigBlockIOFlags: ConfigFlagGroup {
    @Option(
        name: .customLong("linux-blkio-weight"), parsing: .unconditional,
        help: ArgumentHelp("The relative weight, 10 to 1000.", valueName: "n"))
    var weight: String?

    @Option(
        name: .customLong("linux-blkio-leaf-weight"), parsing: .unconditional,
        help: ArgumentHelp("The weight against the group's children.", valueName: "n"))
    var leafWeight: String?

    @Option(
        name: .customLong("linux-blkio-weight-device"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("The weight for a device.", valueName: "major:minor:weight"))
    var weightDevices: [String] = []

    @Option(
        name: .customLong("linux-blkio-leaf-weight-device"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("The leaf weight for a device.", valueName: "major:minor:weight"))
    var leafWeightDevices: [String] = []

    @Option(
        name: .customLong("linux-blkio-read-bps-device"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Bytes read a second.", valueName: "major:minor:rate"))
    var readBps: [String] = []

    @Option(
        name: .customLong("linux-blkio-write-bps-device"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Bytes written a second.", valueName: "major:minor:rate"))
    var writeBps: [String] = []

    @Option(
        name: .customLong("linux-blkio-read-iops-device"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Reads a second.", valueName: "major:minor:rate"))
    var readIops: [String] = []

    @Option(
        name: .customLong("linux-blkio-write-iops-device"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Writes a second.", valueName: "major:minor:rate"))
    var writeIops: [String] = []

    func edits() throws -> [ConfigEdit] {
        var list = EditList()
        list.set("linux.resources.blockIO.weight", weight)
        list.set("linux.resources.blockIO.leafWeight", leafWeight)
        for entry in weightDevices { try list.blockDevice("weightDevice", "weight", entry) }
        for entry in leafWeightDevices { try list.blockDevice("weightDevice", "leafWeight", entry) }
        for entry in readBps { try list.blockDevice("throttleReadBpsDevice", "rate", entry) }
        for entry in writeBps { try list.blockDevice("throttleWriteBpsDevice", "rate", entry) }
        for entry in readIops { try list.blockDevice("throttleReadIOPSDevice", "rate", entry) }
        for entry in writeIops { try list.blockDevice("throttleWriteIOPSDevice", "rate", entry) }
        return list.edits
    }
}
