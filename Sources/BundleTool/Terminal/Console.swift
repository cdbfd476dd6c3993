import Glibc

/// What goes to standard error: one `error:` line at most, `warning:` and `note:` lines, and progress elsewhere.
enum Console {
    static func error(_ error: Any) {
        write("error: \(oneLine(String(describing: error)))\n")
    }

    static func note(_ text: String) {
        write("note: \(oneLine(text))\n")
    }

    static func warning(_ text: String) {
        write("warning: \(oneLine(text))\n")
    }

    /// Names and tools' output may hold newlines and control characters; a terminal must not act on them.
    static func oneLine(_ text: String) -> String {
        var line = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": line += line.hasSuffix(";") || line.hasSuffix(":") ? " " : "; "
            case "\t": line += " "
            case _ where scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value):
                line += "\\u{\(String(scalar.value, radix: 16))}"
            default: line.unicodeScalars.append(scalar)
            }
        }
        while line.hasSuffix("; ") { line.removeLast(2) }
        return line
    }

    private static func write(_ text: String) {
        var text = text
        ProgressDisplay.withoutBar {
            text.withUTF8 { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
        }
    }
}
