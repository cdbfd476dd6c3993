import ArgumentParser
import Bundles
import Glibc
import LinuxSystem

/// Bundles of users who are not root: commands on them run once more, as root of a user namespace.
enum Rootless {
    /// Tells the second run that it is one, and in words of the first which ids it has.
    private static let variable = "BUNDLETOOL_ROOTLESS"

    private static var reason: String? { getenv(variable).map { String(cString: $0) } }

    /// The ids and the place where owners are recorded, in the second run.
    static func owners() throws -> RecordedOwners? {
        guard reason != nil else { return nil }
        return RecordedOwners(try IDMap.current())
    }

    /// Which ids the command works with, and why those.
    static func summary(_ owners: RecordedOwners) -> String {
        owners.summary + (reason.map { $0.isEmpty ? "" : " (\($0))" } ?? "")
    }

    /// Runs the command again with the ids of /etc/subuid, or the caller's own where there are none.
    /// - Throws: how that ended, as an exit status. Returns only in the second run.
    static func enter() throws {
        if reason != nil { return }
        let user = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "\(geteuid())"
        guard let map = IDMap.subordinate() else {
            try rerun(.single, "/etc/subuid and /etc/subgid give \(user) none")
        }
        if !UserNamespace.hasHelpers {
            try rerun(.single, "newuidmap is not installed; Debian's package uidmap has it")
        }
        try rerun(map, "those of /etc/subuid")
    }

    /// Runs the command again with a bundle's own ids, where the bundle has some and the caller is not root.
    static func enter(for bundle: OCIBundle) throws {
        guard reason == nil, geteuid() != 0, let map = try bundle.idMap() else { return }
        try rerun(map, "")
    }

    /// A bundle whose owners only the user who made it sees right.
    static func refuseOthers(_ bundle: OCIBundle, _ operation: String) throws {
        guard reason == nil, geteuid() == 0, let map = try bundle.idMap(), let root = map.users.first?.outside,
            root != 0
        else { return }
        throw Failure("\(bundle.path) is a rootless bundle of the user \(root); \(operation) it as that user")
    }

    /// Runs another command of this program as root of a bundle's user namespace.
    static func run(_ arguments: [String], _ map: IDMap) throws {
        do {
            let status = try UserNamespace.rerun(
                [CommandLine.arguments[0]] + arguments, environment: [variable: ""], map)
            if status != 0 { throw ExitCode(status) }
        } catch let error as SystemError {
            throw Failure("this bundle needs its user namespace, and this system gives none: \(error)")
        }
    }

    private static func rerun(_ map: IDMap, _ reason: String) throws -> Never {
        do {
            throw ExitCode(try UserNamespace.rerun(CommandLine.arguments, environment: [variable: reason], map))
        } catch let error as SystemError {
            throw Failure("working without root needs a user namespace, and this system gives none: \(error)")
        }
    }
}
