/// Strings and their escapes.
extension JSONParser {
    mutating func string() throws(ConfigError) -> String {
        position += 1
        let start = position
        var escaped: [UInt8]?
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                let end = position
                let text =
                    if let escaped {
                        String(validating: escaped, as: UTF8.self)
                    } else {
                        String(validating: UnsafeBufferPointer(rebasing: bytes[start..<end]), as: UTF8.self)
                    }
                guard let text else {
                    position = start
                    throw failure("the string is not UTF-8")
                }
                position += 1
                return text
            case UInt8(ascii: "\\"):
                var text = escaped ?? Array(bytes[start..<position])
                try escape(into: &text)
                escaped = text
            case 0..<0x20:
                throw failure("a control character in a string must be escaped")
            default:
                escaped?.append(byte)
                position += 1
            }
        }
        throw failure("the text ends inside a string")
    }

    private mutating func escape(into text: inout [UInt8]) throws(ConfigError) {
        position += 1
        let character = next
        position += 1
        switch character {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(character!)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: String(Character(try unicodeEscape())).utf8)
        default:
            position -= 1
            throw failure("unknown escape in a string")
        }
    }

    private mutating func unicodeEscape() throws(ConfigError) -> Unicode.Scalar {
        let start = position
        let first = try hexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        if UTF16.isLeadSurrogate(first), take("\\"), take("u") {
            let second = try hexadecimal()
            if UTF16.isTrailSurrogate(second) {
                return UTF16.decode(UTF16.EncodedScalar([first, second]))
            }
        }
        position = start
        throw failure("half of a surrogate pair is no character")
    }

    private mutating func hexadecimal() throws(ConfigError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw failure("expected four hexadecimal digits, found \(found)")
            }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }
}
