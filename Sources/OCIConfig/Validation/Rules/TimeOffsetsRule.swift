extension ValidationRule {
    static let timeOffsets = ValidationRule(
        "time-offsets", "config-linux.md, Offset for Time Namespace",
        "Time offsets are of the clocks `monotonic` and `boottime`, with less than a second of nanoseconds."
    ) { config, report in
        for (clock, offset) in config["linux"]["timeOffsets"].members {
            if clock != "monotonic" && clock != "boottime" {
                report(offset, "there is no offset for '\(clock)'; the clocks are monotonic and boottime")
            }
            if let nanoseconds = offset["nanosecs"].unsigned, nanoseconds > 999_999_999 {
                report(offset["nanosecs"], "\(nanoseconds) is a second or more")
            }
        }
    }
}
