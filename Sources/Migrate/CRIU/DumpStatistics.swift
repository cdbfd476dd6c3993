internal import LinuxSystem

/// What CRIU measured during a dump (`stats-dump` in the work folder; CRIU `images/stats.proto`).
struct DumpStatistics: Equatable {
    /// From the first to the last process stopped.
    var freezing: Duration = .zero
    /// From all processes stopped to the end of the dump.
    var frozen: Duration = .zero

    /// How long the container stood still, from the statistics that CRIU wrote when it had dumped it and right after it
    /// had resumed it; their files' times say when that was. Nil where a file is missing.
    static func downtime(dump: String, restore: String) -> Duration? {
        guard let statistics = (try? Files.contents(of: dump)).flatMap({ try? DumpStatistics($0) }),
            let dumped = Files.modified(dump), let restored = Files.modified(restore), restored > dumped
        else { return nil }
        return statistics.freezing + statistics.frozen + (restored - dumped)
    }

    init(_ bytes: [UInt8]) throws(MigrateError) {
        let records = try ImageFile.records(of: bytes, magic: ImageFile.statsMagic, first: ImageFile.serviceMagic)
        guard let record = records.first else { throw MigrateError(.malformed, "CRIU's statistics are empty") }
        var message = ProtobufReader(record)
        while let (field, value) = try message.next() {
            guard field == 1, case .bytes(let dump) = value else { continue }
            var reader = ProtobufReader(dump)
            while let (field, value) = try reader.next() {
                guard case .varint(let microseconds) = value else { continue }
                switch field {
                case 1: freezing = .microseconds(Int64(clamping: microseconds))
                case 2: frozen = .microseconds(Int64(clamping: microseconds))
                default: break
                }
            }
        }
    }
}
