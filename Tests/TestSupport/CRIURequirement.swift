package import Testing

extension Trait where Self == ConditionTrait {
    /// A CRIU that passes its own check on the running kernel.
    package static var requiresCRIU: Self {
        .enabled("needs a CRIU that fits this kernel") {
            if await InstalledCRIU.works { return true }
            if Tool.isCI { throw MissingRequirement(what: "a CRIU that fits this kernel") }
            return false
        }
    }
}

/// The CRIU that bundletool finds, looked for without bundletool's help.
private enum InstalledCRIU {
    static var works: Bool {
        get async { await checked.value }
    }

    /// `criu check` takes a while: once is enough.
    private static let checked = Task {
        (try? await Tool.shell(
            """
            criu=${BUNDLETOOL_CRIU:-${BUNDLETOOL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/bundletool}/criu/criu}
            [ -x "$criu" ] || criu=$(PATH=$PATH:/usr/sbin command -v criu)
            "$criu" check >/dev/null 2>&1
            """)) != nil
    }
}
