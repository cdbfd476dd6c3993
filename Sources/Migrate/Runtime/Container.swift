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
    /// How a container with a log has ended: by itself, with this status, or by this signal.
    package var exitCode: Int32?
    package var exitSignal: Int32?

    package var isRunning: Bool { status == "running" }
}
