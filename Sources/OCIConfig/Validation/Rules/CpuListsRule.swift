extension ValidationRule {
    static let cpuLists = ValidationRule(
        "cpu-lists", "config-linux.md, CPU",
        "`cpus` and `mems` are lists such as `0-3,7`."
    ) { config, report in
        let cpu = config["linux"]["resources"]["cpu"]
        for list in [cpu["cpus"], cpu["mems"]] {
            if let text = list.text, !text.isEmpty, !NumberList.isValid(text) {
                report(list, "'\(text)' is no list such as 0-3,7")
            }
        }
    }
}
