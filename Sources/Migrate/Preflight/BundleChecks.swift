internal import Bundles
internal import Glibc
internal import LinuxSystem
internal import OCIConfig

/// Whether the container fits into the destination's bundle, on this machine.
struct BundleChecks {
    let source: OCIBundle
    let destination: OCIBundle
    let tree: [ContainerProcess]
    /// Whether the files that the processes use have to be the same already.
    let comparesFiles: Bool

    func problems() throws -> [String] {
        let (from, to) = try (source.spec(), destination.spec())
        return try ConfigNeeds(from).problems(with: ConfigNeeds(to), at: destination.path, onOneMachine: true)
            + Self.missingSources(to, destination.path)
            + Self.spaceProblems(beside: destination.path, needed: LiveMemory(processes: tree).pages() * Page.size)
            + (comparesFiles ? fileProblems() : [])
    }

    /// What the configuration of the bundle at `path` names on this machine has to be there.
    static func missingSources(_ spec: RuntimeSpec, _ path: String) -> [String] {
        let binds = (spec.mounts ?? []).filter(\.isBind).compactMap(\.source)
            .map { $0.hasPrefix("/") ? $0 : "\(path)/\($0)" }
        let paths = (spec.linux?.namespaces ?? []).compactMap(\.path)
        return (binds + paths).filter { !Files.exists($0) }.map {
            "\($0), which \(path)/config.json names, is not there: provide it"
        }
    }

    /// The images need room beside the destination.
    static func spaceProblems(beside bundle: String, needed: Int) -> [String] {
        var disk = statvfs()
        guard statvfs(bundle, &disk) == 0 else { return [] }
        let free = Int(disk.f_bavail) * Int(disk.f_frsize)
        if free >= needed { return [] }
        return [
            "No space left on device for its memory: \(ByteCount(needed)) are needed beside \(bundle), "
                + "\(ByteCount(free)) are free"
        ]
    }

    private func fileProblems() throws -> [String] {
        let (from, to) = try (source.openRootfs(), destination.openRootfs())
        if try from.status().identity == to.status().identity { return [] }
        var differences = FileDifferences()
        for file in UsedFiles(tree: tree, device: try from.status().st_dev).files(in: from) {
            let difference = try file.difference(in: to) { other in
                guard let size = file.size, let mine = try? RootfsPath.open(file.path, in: from).forReading()
                else { return false }
                return try Self.haveSameContent(mine, other, size)
            }
            if let difference { differences.add(file.path, difference) }
        }
        return differences.problems(
            at: destination.path,
            remedy:
                "'--rootfs sync' makes it the same as the container's, a clone ('bundletool clone') is kept so by itself"
        )
    }

    private static func haveSameContent(_ one: Descriptor, _ other: Descriptor, _ size: Int) throws -> Bool {
        let piece = 1 << 20
        let (left, right) = (
            UnsafeMutableRawBufferPointer.allocate(byteCount: piece, alignment: 16),
            UnsafeMutableRawBufferPointer.allocate(byteCount: piece, alignment: 16)
        )
        defer {
            left.deallocate()
            right.deallocate()
        }
        var offset = 0
        while offset < size {
            let count = try one.readFully(into: left, at: offset)
            guard count > 0, try other.readFully(into: right, at: offset) == count,
                memcmp(left.baseAddress!, right.baseAddress!, count) == 0
            else { return false }
            offset += count
        }
        return true
    }
}
