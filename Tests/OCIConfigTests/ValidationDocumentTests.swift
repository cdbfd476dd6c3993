import OCIConfig
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite struct ValidationDocumentTests {
    /// `docs/validation.md` is made from the rules; `BUNDLETOOL_WRITE_DOCS=1 swift test` writes it anew.
    @Test func `the list of rules in docs is the list of rules`() throws {
        let path = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined() + "/docs/validation.md"
        let text = Self.document()
        if getenv("BUNDLETOOL_WRITE_DOCS") != nil {
            let file = fopen(path, "w")
            try #require(file != nil)
            fputs(text, file)
            fclose(file)
        }
        let file = fopen(path, "r")
        try #require(file != nil)
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(byte)) }
        #expect(String(decoding: bytes, as: UTF8.self) == text, "run the tests with BUNDLETOOL_WRITE_DOCS=1")
    }

    static func document() -> String {
        var text = """
            # What `bundletool validate` checks

            The rules come from the text and the schema of the OCI runtime specification 1.3.0, which holds for every \\
            version from 1.0.0 on; where a version differs, the rule says so. Each finding is a line: \\
            `PATH: what is wrong (where the specification says so)`, with `warning:` before what is allowed and hardly \\
            meant. The exit status is 0 when there is no error, 1 when there is one, 2 for wrong usage. `--json` \\
            prints the same as one object.

            `--strict` makes misspelt keys errors and reports other unknown keys, which are legal extensions. \\
            `--host` adds the rules at the end. Besides these rules, a bundle's `root.path` must be a folder \\
            (config.md, Root); for a lone file (`--config`) that is not checked.

            This file is made from the rules in `Sources/OCIConfig/Validation/Rules`, one file each.

            | rule | severity | demands | source |
            |---|---|---|---|

            """.replacing(" \\\n", with: " ")
        for rule in ValidationRule.all {
            let summary = rule.summary.replacing("|", with: "\\|")
            text += "| `\(rule.name)` | \(rule.severity.rawValue) | \(summary) | \(rule.section) |\n"
        }
        return text
    }
}
