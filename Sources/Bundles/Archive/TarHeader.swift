/// The 512-byte header block, shared by the v7, ustar, GNU and pax formats.
struct TarHeader {
    static let size = 512

    private let block: UnsafeRawBufferPointer

    /// - Parameter block: must outlive this value.
    init(_ block: UnsafeRawBufferPointer) {
        self.block = block
    }

    var isZero: Bool { block.allSatisfy { $0 == 0 } }

    /// The sum of all bytes, the sum's own field read as spaces. Some old programs summed signed bytes.
    var checksumIsRight: Bool {
        guard let stored = number(148, 8) else { return false }
        var unsigned = 0
        var signed = 0
        for (index, byte) in block.enumerated() {
            let value = (148..<156).contains(index) ? 0x20 : byte
            unsigned += Int(value)
            signed += Int(Int8(bitPattern: value))
        }
        return stored == unsigned || stored == signed
    }

    var type: UInt8 { block[156] }
    var isPOSIX: Bool { block[257..<265].elementsEqual("ustar\u{0}00".utf8) }
    var isGNU: Bool { block[257..<265].elementsEqual("ustar  \u{0}".utf8) }

    var path: [UInt8] {
        let name = text(0, 100)
        // GNU keeps other things where POSIX keeps the prefix.
        guard isPOSIX else { return name }
        let prefix = text(345, 155)
        return prefix.isEmpty ? name : prefix + [0x2f] + name
    }

    var linkTarget: [UInt8] { text(157, 100) }

    /// The bytes of a field up to its first zero.
    func text(_ offset: Int, _ count: Int) -> [UInt8] {
        Array(block[offset..<offset + count].prefix { $0 != 0 })
    }

    /// A number: octal digits, or big-endian binary when the first byte says so. An empty field is 0.
    /// - Returns: `nil` if it is malformed or does not fit.
    func number(_ offset: Int, _ count: Int) -> Int? {
        let field = block[offset..<offset + count]
        guard let first = field.first else { return nil }
        if first & 0x80 != 0 {
            // Two's complement; the marker bit itself is not part of the number.
            let negative = first & 0x40 != 0
            var value = negative ? -1 : 0
            for (index, byte) in field.enumerated() {
                let byte = index == 0 && !negative ? byte & 0x7f : byte
                let (shifted, overflow) = value.multipliedReportingOverflow(by: 256)
                if overflow { return nil }
                value = shifted | Int(byte)
            }
            return value
        }
        let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0x20 && $0 != 0 }
        var value = 0
        for digit in digits {
            guard (0x30...0x37).contains(digit) else { return nil }
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 8)
            if overflow { return nil }
            value = shifted | Int(digit - 0x30)
        }
        return value
    }
}
