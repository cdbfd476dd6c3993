import ArgumentParser
import FoundationEssentials
import Migrate

/// Shapes of what commands print.
enum Output {
    /// Columns as wide as their widest cell, two spaces apart.
    static func table(_ rows: [[String]]) -> String {
        let rows = rows.map { $0.map(Console.oneLine) }
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            row.enumerated().map { column, cell in
                column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count + 2)
            }.joined()
        }.joined(separator: "\n")
    }

    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// Reads `300ms` or `2.5s`, as the parser of an option's value.
    static func seconds(parsing text: String) throws -> Double {
        let (digits, unit) = text.hasSuffix("ms") ? (text.dropLast(2), 0.001) : (text.dropLast(1), 1)
        guard text.hasSuffix("s"), let number = Double(digits), number.isFinite, number >= 0 else {
            throw ValidationError("'\(text)' is no time; write it with its unit, as 300ms or 2s")
        }
        return number * unit
    }

    /// Reads `100MB/s`, as the parser of an option's value.
    static func rate(parsing text: String) throws -> Rate {
        guard let rate = Rate(text) else {
            throw ValidationError("'\(text)' is no rate; write it with its unit, as 100MB/s, 100Mbit/s or 10MiB/s")
        }
        return rate
    }

    /// `1.24 s`, `87 ms`.
    static func seconds(_ seconds: Double) -> String {
        if seconds < 0.9995 { return "\(Int((seconds * 1000).rounded())) ms" }
        let hundredths = Int((seconds * 100).rounded())
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) s"
    }
}
