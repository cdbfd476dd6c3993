/// What CRIU measured during a dump (`stats-dump` in the work folder; CRIU `images/stats.proto`).
struct DumpStatistics: Equatable {
    /// From the first to the last process stopped.
    var freezing: Duration = .zero
    /// From all processes stopped to the end of the dump.
    var frozen: Duration = .zero

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
