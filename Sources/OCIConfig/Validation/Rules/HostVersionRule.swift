extension ValidationRule {
    static let hostVersion = ValidationRule(
        "host-version", "features.md",
        "With --host: the runtime knows the version."
    ) { config, report in
        guard let host = report.options.host else { return }
        guard let features = host.features, let version = config.version else { return }
        func numbers(_ text: String?) -> [Int]? {
            text.map { $0.prefix { $0 != "-" && $0 != "+" }.split(separator: ".").compactMap { Int($0) } }
        }
        if let newest = numbers(features.ociVersionMax), newest[0...].lexicographicallyPrecedes(version) {
            report(
                config["ociVersion"], "the runtime knows versions up to \(features.ociVersionMax ?? "")",
                severity: .warning)
        }
    }
}
