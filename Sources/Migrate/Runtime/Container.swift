/// A container as the runtime lists it.
package struct Container: Sendable, Hashable, Codable {
    package var id: String
    /// The init process, 0 where there is none.
    package var pid: Int32
    /// `created`, `running`, `paused`, `stopped`.
    package var status: String
    /// The bundle's folder.
    package var bundle: String
    /// RFC 3339.
    package var created: String?

    package var isRunning: Bool { status == "running" }
}
