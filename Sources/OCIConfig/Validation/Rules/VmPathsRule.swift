extension ValidationRule {
    static let vmPaths = ValidationRule(
        "vm-paths", "config-vm.md",
        "The paths of a virtual machine are absolute."
    ) { config, report in
        let vm = config["vm"]
        for path in [vm["hypervisor"]["path"], vm["kernel"]["path"], vm["kernel"]["initrd"], vm["image"]["path"]] {
            if let text = path.text, !text.hasPrefix("/") { report(path, "'\(text)' is not absolute") }
        }
    }
}
