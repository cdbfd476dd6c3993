extension ValidationRule {
    static let intelRdt = ValidationRule(
        "intel-rdt", "config-linux.md, IntelRdt",
        "The lines of `intelRdt` have no newlines, `memBwSchema` starts with `MB:`, `closID` is a name or `/`."
    ) { config, report in
        let rdt = config["linux"]["intelRdt"]
        if let text = rdt["memBwSchema"].text, !text.hasPrefix("MB:") || text.contains("\n") {
            report(rdt["memBwSchema"], "must start with MB: and have no newline")
        }
        if let text = rdt["l3CacheSchema"].text, !text.hasPrefix("L3:") || text.contains("\n") {
            report(rdt["l3CacheSchema"], "should start with L3: and have no newline", severity: .warning)
        }
        for line in rdt["schemata"].elements where line.text?.contains("\n") == true {
            report(line, "must have no newline")
        }
        if let text = rdt["closID"].text, text != "/", text == "." || text == ".." || text.contains("/") {
            report(rdt["closID"], "'\(text)' is no name of a folder")
        }
    }
}
