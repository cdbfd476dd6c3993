/// Writes JSON in one stable form: keys sorted, four spaces, a member a line, slashes as they are, a final newline.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private let pretty: Bool

    init(pretty: Bool) {
        self.pretty = pretty
    }

    mutating func write(_ value: JSONValue, depth: Int = 0) {
        switch value {
        case .null: append("null")
        case .bool(let value): append(value ? "true" : "false")
        case .integer(let value): append(String(value))
        case .unsigned(let value): append(String(value))
        case .decimal(let literal): append(literal)
        case .string(let text): quote(text)
        case .array(let elements):
            list("[", "]", elements, depth) { writer, element in writer.write(element, depth: depth + 1) }
        case .object(let members):
            list("{", "}", members.sorted { $0.key < $1.key }, depth) { writer, member in
                writer.quote(member.key)
                writer.append(writer.pretty ? ": " : ":")
                writer.write(member.value, depth: depth + 1)
            }
        }
    }

    private mutating func list<Item>(
        _ open: String, _ close: String, _ items: [Item], _ depth: Int, write: (inout Self, Item) -> Void
    ) {
        append(open)
        for (index, item) in items.enumerated() {
            if index > 0 { append(",") }
            newline(depth + 1)
            write(&self, item)
        }
        if !items.isEmpty { newline(depth) }
        append(close)
    }

    private mutating func newline(_ depth: Int) {
        guard pretty else { return }
        bytes.append(0x0A)
        bytes.append(contentsOf: repeatElement(0x20, count: 4 * depth))
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x0A: append("\\n")
            case 0x0D: append("\\r")
            case 0x09: append("\\t")
            case 0..<0x20, 0x7F:
                append(byte < 0x10 ? "\\u000" : "\\u00")
                append(String(byte, radix: 16))
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }
}
