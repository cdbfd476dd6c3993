extension ValidationRule {
    static let rootPath = ValidationRule(
        "root-path", "config.md, Root",
        "`root.path` is not empty; on Windows it is a volume GUID path."
    ) { config, report in
        let path = config["root"]["path"]
        guard let text = path.text else { return }
        if text.isEmpty { report(path, "is empty; the conventional value is 'rootfs'") }
        if config.platform == .windows, !text.hasPrefix(#"\\?\Volume{"#) {
            report(path, "'\(text)' is no volume GUID path")
        }
    }
}
