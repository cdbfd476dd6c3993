import ArgumentParser
import OCIConfig

/// The flags that change a configuration, for every command that makes or edits one.
struct ConfigFlags: ParsableArguments {
    @OptionGroup(title: "Process") var process: ConfigProcessFlags
    @OptionGroup(title: "Container") var container: ConfigContainerFlags
    @OptionGroup(title: "Any member") var paths: ConfigPathFlags

    /// The changes, in an order in which removing comes before adding, and paths come last.
    func edits() throws -> ConfigEdits {
        var edits = ConfigEdits(try process.edits() + container.edits() + paths.edits())
        edits.force = paths.force
        return edits
    }

    /// Malformed values are found while arguments are parsed, so that they are wrong usage.
    func validate() throws {
        do { _ = try edits() } catch let error as ConfigError { throw ValidationError(error.description) }
    }
}

/// A path of the specification written by hand, which a test walks.
func path(_ text: StaticString) -> ConfigPath {
    // Constant, and covered by a test that makes an edit of every flag.
    do { return try ConfigPath(parsing: "\(text)") } catch { preconditionFailure("\(error)") }
}
