/// SemVer 2.0.0, as far as it is needed: `1.0.2-dev+build`.
enum SemanticVersion {
    static func isValid(_ text: String) -> Bool {
        var rest = text[...]
        var build: Substring?
        if let plus = rest.firstIndex(of: "+") {
            build = rest[rest.index(after: plus)...]
            rest = rest[..<plus]
        }
        var release: Substring?
        if let dash = rest.firstIndex(of: "-") {
            release = rest[rest.index(after: dash)...]
            rest = rest[..<dash]
        }
        let core = rest.split(separator: ".", omittingEmptySubsequences: false)
        guard core.count == 3, core.allSatisfy({ isNumber($0) }) else { return false }
        return identifiers(release) { !isDigits($0) || isNumber($0) } && identifiers(build) { _ in true }
    }

    private static func identifiers(_ text: Substring?, _ isValid: (Substring) -> Bool) -> Bool {
        guard let text else { return true }
        return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy(isIdentifier) && isValid(part)
        }
    }

    private static func isIdentifier(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private static func isDigits(_ part: Substring) -> Bool {
        !part.isEmpty && part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    /// Digits without a leading zero.
    private static func isNumber(_ part: Substring) -> Bool {
        isDigits(part) && (part == "0" || !part.hasPrefix("0"))
    }
}
