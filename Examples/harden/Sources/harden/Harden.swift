import OCIConfig

/// Reads a config.json from stdin, takes privileges away, and writes it to stdout.
///
///     runc spec && swift run harden < config.json > hardened.json
@main
struct Harden {
    static func main() throws {
        var spec = try RuntimeSpec(parsing: readAll())

        // Typed members: optional, so that what is absent stays absent. Unknown members survive untouched.
        spec.process?.noNewPrivileges = true
        spec.process?.capabilities?.ambient = nil
        spec.root?.readonly = true
        if spec.linux?.seccomp == nil { spec.linux?.seccomp = .default }

        // Edits: checked against the specification, the same that recipes and the command line make.
        let edits = ConfigEdits([
            .dropCapabilities(["CAP_NET_RAW", "CAP_SYS_ADMIN"], sets: []),
            .setText(try ConfigPath(parsing: "linux.resources.pids.limit"), "100"),
            .annotation("com.example.hardened", "true"),
        ])
        try edits.apply(to: &spec)

        let errors = Validator.findings(in: spec.json).filter { $0.severity == .error }
        guard errors.isEmpty else { throw Unfit(errors: errors) }
        print(String(decoding: spec.encoded(), as: UTF8.self), terminator: "")
    }

    private static func readAll() -> [UInt8] {
        var text = ""
        while let line = readLine(strippingNewline: false) { text += line }
        return Array(text.utf8)
    }
}

/// The configuration breaks the specification, before and after.
struct Unfit: Error {
    let errors: [Finding]
}
