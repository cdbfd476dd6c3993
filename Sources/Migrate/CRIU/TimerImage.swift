internal import Glibc
internal import LinuxSystem

/// Repairs what CRIU 4.2 gets wrong about periodic timer descriptors.
///
/// The kernel starts the next period of an expired timerfd only when somebody reads it; until then it gives 0 for the
/// time that is left. CRIU writes that 0 down, and sets it at the restore, which stops the timer for good (`timerfd.c`,
/// `timerfd_arm`). Timers expire while a container is stopped: a program that waits for one would never wake up.
enum TimerImage {
    private static let filesMagic: UInt32 = 0x5630_3138

    /// Fields of CRIU's `file_entry` and `timerfd_entry`.
    private enum Field {
        static let timer: UInt64 = 12
        static let seconds: UInt64 = 7
        static let nanoseconds: UInt64 = 8
        static let intervalSeconds: UInt64 = 9
        static let intervalNanoseconds: UInt64 = 10
    }

    /// Has the expired periodic timers of the dump in `folder` go on with a whole period.
    static func rearm(in folder: String) throws {
        let path = "\(folder)/files.img"
        guard Files.exists(path) else { return }
        let bytes = try Files.contents(of: path, limit: .max)
        guard let repaired = try rearmed(bytes) else { return }
        // A kill in the middle must not cost the image.
        let next = "\(path).next"
        try Files.write(repaired, to: next)
        try retrying("write", path) { rename(next, path) }
    }

    /// - Returns: nil where nothing has to be changed.
    static func rearmed(_ image: [UInt8]) throws(MigrateError) -> [UInt8]? {
        var changed = false
        var records: [[UInt8]] = []
        for record in try ImageFile.records(of: image, magic: filesMagic) {
            var reader = ProtobufReader(record)
            var writer = ProtobufWriter()
            while let (number, value) = try reader.next() {
                guard number == Field.timer, case .bytes(let timer) = value, let repaired = try rearmed(timer: timer)
                else {
                    writer.copy(reader.last)
                    continue
                }
                writer.field(number, repaired)
                changed = true
            }
            records.append(writer.bytes)
        }
        return changed ? ImageFile.bytes(of: records, magic: filesMagic) : nil
    }

    private static func rearmed(timer: ArraySlice<UInt8>) throws(MigrateError) -> [UInt8]? {
        var numbers: [UInt64: UInt64] = [:]
        var reader = ProtobufReader(timer)
        while let (number, value) = try reader.next() {
            if case .varint(let value) = value { numbers[number] = value }
        }
        let (seconds, nanoseconds) = (numbers[Field.intervalSeconds] ?? 0, numbers[Field.intervalNanoseconds] ?? 0)
        guard numbers[Field.seconds] ?? 0 == 0, numbers[Field.nanoseconds] ?? 0 == 0, seconds != 0 || nanoseconds != 0
        else { return nil }
        var writer = ProtobufWriter()
        reader = ProtobufReader(timer)
        while let (number, _) = try reader.next() {
            switch number {
            case Field.seconds: writer.field(number, seconds)
            case Field.nanoseconds: writer.field(number, nanoseconds)
            default: writer.copy(reader.last)
            }
        }
        return writer.bytes
    }
}
