extension ValidationRule {
    static let windowsRequired = ValidationRule(
        "windows-layer-folders", "config-windows.md, LayerFolders",
        "`windows.layerFolders` has at least one entry."
    ) { config, report in
        let folders = config["windows"]["layerFolders"]
        if folders.value?.elements?.isEmpty == true { report(folders, "must have at least one entry") }
    }
}
