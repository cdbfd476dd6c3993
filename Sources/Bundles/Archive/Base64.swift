/// RFC 4648, the common alphabet.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = bytes[start..<min(start + 3, bytes.count)]
            let bits = part.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - part.count))
            for place in 0..<4 {
                text.append(place <= part.count ? alphabet[bits >> (18 - 6 * place) & 63] : 0x3d)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Padding may be missing, and lines may be broken.
    /// - Returns: `nil` for any other character.
    static func decode(_ text: [UInt8]) -> [UInt8]? {
        var decoded: [UInt8] = []
        var bits = 0
        var count = 0
        for byte in text {
            let digit: Int
            switch byte {
            case 0x41...0x5a: digit = Int(byte) - 0x41
            case 0x61...0x7a: digit = Int(byte) - 0x61 + 26
            case 0x30...0x39: digit = Int(byte) - 0x30 + 52
            case 0x2b: digit = 62
            case 0x2f: digit = 63
            case 0x3d, 0x0a, 0x0d: continue
            default: return nil
            }
            bits = (bits << 6 | digit) & 0xffff
            count += 6
            if count >= 8 {
                count -= 8
                decoded.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        return decoded
    }
}
