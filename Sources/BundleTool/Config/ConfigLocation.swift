import ArgumentParser
import Glibc
import LinuxSystem
import OCIConfig

/// Where bundles are looked for.
struct ContainersOption: ParsableArguments {
    @Option(name: .customLong("containers"), help: ArgumentHelp("The folder of bundles.", valueName: "dir"))
    var folder: String?

    var path: String { folder ?? Self.standard }

    /// The folder where none is named.
    static var standard: String {
        guard let set = getenv("BUNDLETOOL_CONTAINERS"), set.pointee != 0 else { return "./containers" }
        return String(cString: set)
    }
}

/// The `config.json` of a BUNDLE argument: a name below the containers folder, or with a slash in it a path of a
/// bundle or of a lone file; `-` is stdin and stdout.
struct ConfigLocation {
    /// No configuration is larger; one of a megabyte is already a mistake.
    static let sizeLimit = 64 << 20

    /// Nil for stdin and stdout.
    let path: String?
    /// The bundle's folder; nil for a lone file.
    let bundle: String?
    /// A file in the working folder that has the name which was taken for a bundle's.
    private var namesake: String?

    init(_ argument: String, containers: String) {
        if argument == "-" {
            path = nil
            bundle = nil
            return
        }
        let folder = argument.contains("/") ? argument : "\(containers)/\(argument)"
        var status = stat()
        if argument.contains("/"), stat(argument, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
            path = argument
            bundle = nil
        } else {
            path = folder.hasSuffix("/") ? "\(folder)config.json" : "\(folder)/config.json"
            bundle = folder
            if !argument.contains("/"), access(argument, F_OK) == 0 { namesake = argument }
        }
    }

    /// A lone file.
    init(file: String) {
        path = file == "-" ? nil : file
        bundle = nil
    }

    /// What messages call it.
    var name: String { path ?? "stdin" }

    func read() throws -> [UInt8] {
        guard let path else { return try StandardStreams.read(limit: Self.sizeLimit) }
        let file = try open(path)
        do {
            return try file.contents(limit: Self.sizeLimit)
        } catch {
            throw SystemError(code: error.code, operation: "read", subject: name)
        }
    }

    private func open(_ path: String) throws -> Descriptor {
        do {
            return try Descriptor.open(path, O_RDONLY)
        } catch {
            guard error.isMissing else { throw error }
            let hint = bundle.map { access($0, F_OK) == 0 ? "it has no configuration" : "there is no bundle \($0)" }
            let meant = namesake.map { "; what is here is ./\($0)" } ?? ""
            throw Failure("cannot read \(path): \(hint ?? "no such file")\(meant)")
        }
    }

    /// Puts `text` in the file's place in one step: mode and owner stay, a failure leaves the old text.
    func write(_ text: [UInt8]) throws {
        guard let path else { return try StandardStreams.write(text) }
        // A link keeps pointing to the file that is edited.
        guard let real = realpath(path, nil) else { throw SystemError.last("write", path) }
        let target = String(cString: real)
        free(real)
        let old = try Descriptor.open(target, O_RDONLY).status()
        let folder = target.lastIndex(of: "/").map { String(target[..<$0]) } ?? "."
        let temporary = "\(folder)/.config.json.\(getpid())"
        let file = try Descriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        do {
            try file.write(all: text)
            if old.st_uid != geteuid() || old.st_gid != getegid() {
                try retrying("keep the owner of", target) { fchown(file.raw, old.st_uid, old.st_gid) }
            }
            try retrying("keep the mode of", target) { fchmod(file.raw, old.st_mode & 0o7777) }
            try retrying("write", target) { fsync(file.raw) }
            try retrying("write", target) { rename(temporary, target) }
        } catch {
            unlink(temporary)
            throw error
        }
        // The rename itself is on disk only with its folder.
        if let parent = try? Descriptor.open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY) {
            fsync(parent.raw)
        }
    }
}
