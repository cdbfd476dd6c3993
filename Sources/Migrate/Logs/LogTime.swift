package import FoundationEssentials
internal import Glibc

/// Times as log files have them.
package enum LogTime {
    /// Now, as `2026-11-24T05:34:14.123456789Z`.
    static func now() -> [UInt8] {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return bytes(seconds: time.tv_sec, nanoseconds: time.tv_nsec)
    }

    /// Reads `2026-11-24T05:34:14.123456789Z`, `2026-11-24`, or how long ago: `90s`, `5m`, `2h`, `1d`. A fraction keeps
    /// all its digits: a line's own time finds that line.
    package static func parse(_ text: String, now: Date = .now) -> String? {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
        if let unit = text.last.flatMap({ units[$0] }), let number = Double(text.dropLast()) {
            let time = now.timeIntervalSince1970 - number * unit
            return number >= 0 && time >= 0 ? self.text(seconds: Int(time)) : nil
        }
        guard text.contains("T") else { return parse("\(text)T00:00:00Z", now: now) }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let digits = parts.count == 2 ? parts[1].prefix { $0.isASCII && $0.isNumber } : ""
        guard parts.count == 1 || (parts.count == 2 && (1...9).contains(digits.count)) else { return nil }
        let whole = parts.count == 2 ? String(parts[0] + parts[1].dropFirst(digits.count)) : text
        guard let date = try? Date(whole, strategy: .iso8601), date.timeIntervalSince1970 >= 0 else { return nil }
        let nanoseconds = Int(digits + String(repeating: "0", count: 9 - digits.count))!
        return self.text(seconds: Int(date.timeIntervalSince1970), nanoseconds: nanoseconds)
    }

    package static func text(seconds: Int, nanoseconds: Int = 0) -> String {
        String(decoding: bytes(seconds: seconds, nanoseconds: nanoseconds), as: UTF8.self)
    }

    private static func bytes(seconds: Int, nanoseconds: Int) -> [UInt8] {
        var broken = tm()
        var seconds = seconds
        gmtime_r(&seconds, &broken)
        var text: [UInt8] = []
        text.reserveCapacity(30)
        func add(_ number: Int, digits: Int, then end: Unicode.Scalar) {
            var divisor = 1
            for _ in 1..<digits { divisor *= 10 }
            while divisor > 0 {
                text.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
                divisor /= 10
            }
            text.append(UInt8(ascii: end))
        }
        add(Int(broken.tm_year) + 1900, digits: 4, then: "-")
        add(Int(broken.tm_mon) + 1, digits: 2, then: "-")
        add(Int(broken.tm_mday), digits: 2, then: "T")
        add(Int(broken.tm_hour), digits: 2, then: ":")
        add(Int(broken.tm_min), digits: 2, then: ":")
        add(Int(broken.tm_sec), digits: 2, then: ".")
        add(nanoseconds, digits: 9, then: "Z")
        return text
    }
}
