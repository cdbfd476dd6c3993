extension ValidationRule {
    static let hugepageSize = ValidationRule(
        "hugepage-size", "config-linux.md, Huge page limits",
        "`pageSize` is a number with KB, MB or GB."
    ) { config, report in
        for limit in config["linux"]["resources"]["hugepageLimits"].elements {
            guard let text = limit["pageSize"].text else { continue }
            let digits = text.dropLast(2)
            let isValid =
                ["KB", "MB", "GB"].contains { text.hasSuffix($0) } && !digits.isEmpty && !digits.hasPrefix("0")
                && digits.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            if !isValid { report(limit["pageSize"], "'\(text)' is no size such as 64KB, 2MB or 1GB") }
        }
    }
}
