extension ImageSpec.Image {
    /// What the image changes in a runtime configuration, as image-spec's conversion.md has it.
    ///
    /// Volumes become tmpfs mounts, so that what is written there does not go to the root filesystem.
    /// - Parameter users: the container's users and groups, for `HOME` and names in `User`.
    /// - Throws: ``ConfigError`` when `User` is not in the files.
    public func edits(users: ContainerUsers) throws(ConfigError) -> ConfigEdits {
        let config = config ?? ImageSpec.Config()
        var edits: [ConfigEdit] = []
        let directory = config.workingDir ?? ""
        edits.append(.workingDirectory(directory.isEmpty ? "/" : directory))

        // In the image's own order, which entries that expand others depend on.
        var names: Set<Substring> = []
        for entry in config.env ?? [] {
            let name = entry.prefix { $0 != "=" }
            if name.isEmpty { continue }
            names.insert(name)
            edits.append(.environment(name: String(name), value: String(entry.dropFirst(name.count + 1))))
        }
        let user = try users.resolve(config.user ?? "")
        if !names.contains("HOME") {
            let home = user.home ?? ""
            edits.append(.environment(name: "HOME", value: home.isEmpty ? (user.uid == 0 ? "/root" : "/") : home))
        }
        edits.append(.user(config.user ?? ""))

        let command = (config.entrypoint ?? []) + (config.cmd ?? [])
        if !command.isEmpty { edits.append(.arguments(command)) }
        for (key, value) in annotations.sorted(by: { $0.key < $1.key }) { edits.append(.annotation(key, value)) }
        for path in (config.volumes ?? [:]).keys.sorted() {
            let mount = RuntimeSpec.Mount(path, "tmpfs", "tmpfs", ["nosuid", "nodev", "mode=0755"])
            edits.append(.put(ConfigPath([.key("mounts")]), mount.json, keys: ["destination"]))
        }
        return ConfigEdits(edits)
    }

    /// The annotations that the image's properties stand for, with its labels over them.
    public var annotations: [String: String] {
        let config = config ?? ImageSpec.Config()
        let derived: [String: String?] = [
            "os": os,
            "architecture": architecture,
            "variant": variant,
            "os.version": osVersion,
            "os.features": osFeatures.flatMap { $0.isEmpty ? nil : $0.joined(separator: ",") },
            "author": author,
            "created": created,
            "stopSignal": config.stopSignal,
            "exposedPorts": config.exposedPorts.flatMap {
                $0.isEmpty ? nil : $0.keys.sorted().joined(separator: ",")
            },
        ]
        var annotations: [String: String] = [:]
        for case (let key, let value?) in derived where !value.isEmpty {
            annotations["org.opencontainers.image.\(key)"] = value
        }
        return annotations.merging(config.labels ?? [:]) { $1 }
    }
}
