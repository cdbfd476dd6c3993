/// A data rate.
package struct Rate: Sendable, Hashable, CustomStringConvertible {
    package let bytesPerSecond: Double

    package init(bytesPerSecond: Double) {
        self.bytesPerSecond = bytesPerSecond
    }

    /// Reads `100MB/s`, `12.5MiB/s` or `100Mbit/s`. K, M, G and T are powers of 1000, Ki, Mi, Gi and Ti of 1024.
    ///
    /// A bare number is refused: bits and bytes differ by eight, and no default is everybody's.
    package init?(_ text: String) {
        guard text.hasSuffix("/s") else { return nil }
        let quantity = text.dropLast(2)
        let digits = quantity.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        var unit = String(quantity.dropFirst(digits.count)).drop { $0 == " " }
        guard let number = Double(digits), number.isFinite else { return nil }
        let bits: Double
        if unit.hasSuffix("bit") {
            bits = 1
            unit = unit.dropLast(3)
        } else if unit.hasSuffix("B") {
            bits = 8
            unit = unit.dropLast()
        } else {
            return nil
        }
        guard let factor = ByteSize.prefixes[unit] else { return nil }
        let value = number * factor * bits / 8
        // Below a kilobyte a second nothing of a container's size ever arrives.
        guard value >= 1000 else { return nil }
        bytesPerSecond = value
    }

    package var description: String { "\(ByteCount(bytesPerSecond))/s" }
}

/// Bytes as a person reads them, in powers of 1000: `77 kB`, `327.1 MB`.
package struct ByteCount: CustomStringConvertible, Sendable {
    package let description: String

    package init(_ bytes: some BinaryInteger) {
        self.init(Double(bytes))
    }

    package init(_ bytes: Double) {
        var value = bytes
        var unit = 0
        let units = ["bytes", "kB", "MB", "GB", "TB"]
        while value >= 999.95, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        description = unit == 0 ? "\(Int(value)) bytes" : "\(Self.oneDecimal(value)) \(units[unit])"
    }

    private static func oneDecimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
}

/// A number of bytes as a user writes it.
package struct ByteSize: Sendable, Hashable {
    package let bytes: Int

    static let prefixes: [Substring: Double] = [
        "": 1, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
        "Ki": 1024, "Mi": 1_048_576, "Gi": 1_073_741_824, "Ti": 1_099_511_627_776,
    ]

    /// Reads `10MiB`, `1.5GB` or `4096B`. K, M, G and T are powers of 1000, Ki, Mi, Gi and Ti of 1024.
    package init?(_ text: String) {
        guard text.hasSuffix("B") else { return nil }
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let number = Double(digits), let factor = Self.prefixes[text.dropLast().dropFirst(digits.count)],
            let bytes = Int(exactly: (number * factor).rounded())
        else { return nil }
        self.bytes = bytes
    }
}
