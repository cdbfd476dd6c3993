extension ValidationRule {
    static let unified = ValidationRule(
        "unified", "config-linux.md, Unified",
        "The keys of `unified` are names of files."
    ) { config, report in
        for (name, node) in config["linux"]["resources"]["unified"].members {
            if name.isEmpty || name.contains("/") || name == "." || name == ".." {
                report(node, "'\(name)' is no name of a file of the control group")
            }
        }
    }
}
