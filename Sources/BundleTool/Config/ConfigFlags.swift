import ArgumentParser
import OCIConfig

/// Flags that come to changes of a configuration.
protocol ConfigFlagGroup: ParsableArguments {
    /// The changes; removing comes before adding.
    func edits() throws -> [ConfigEdit]
}

/// The flags that change a configuration, for every command that makes or edits one.
struct ConfigFlags: ParsableArguments {
    @OptionGroup(title: "Process") var process: ConfigProcessFlags
    @OptionGroup(title: "Environment and user") var environment: ConfigEnvironmentFlags
    @OptionGroup(title: "Capabilities") var capabilities: ConfigCapabilityFlags
    @OptionGroup(title: "Container, mounts, annotations") var container: ConfigContainerFlags
    @OptionGroup(title: "Hooks") var hooks: ConfigHookFlags
    @OptionGroup(title: "Namespaces") var namespaces: ConfigNamespaceFlags
    @OptionGroup(title: "Devices") var devices: ConfigDeviceFlags
    @OptionGroup(title: "Resources") var resources: ConfigResourceFlags
    @OptionGroup(title: "Block I/O (a rate or weight of -1 removes that of a device)") var blockIO: ConfigBlockIOFlags
    @OptionGroup(title: "Seccomp (calls: name, or name:index:value:valueTwo:op for one argument, with commas)")
    var seccomp: ConfigSeccompFlags
    @OptionGroup(title: "Security and kernel") var security: ConfigSecurityFlags
    @OptionGroup(title: "Other platforms") var platforms: ConfigPlatformFlags
    @OptionGroup(title: "Any member, by its path") var paths: ConfigPathFlags

    /// Finds malformed values while arguments are parsed. What files hold is no matter of usage.
    func validate() throws {
        do { _ = try edits() } catch let error as ValidationError { throw error } catch {}
    }

    /// The changes. Within a group removing comes before adding; paths come last.
    func edits() throws -> ConfigEdits {
        var edits = ConfigEdits(
            try process.edits() + environment.edits() + capabilities.edits() + container.edits() + hooks.edits()
                + namespaces.edits() + devices.edits() + resources.edits() + blockIO.edits() + seccomp.edits()
                + security.edits() + platforms.edits() + paths.edits())
        edits.force = paths.force
        return edits
    }
}
