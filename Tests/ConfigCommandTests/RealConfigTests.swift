import OCIConfig
import TestSupport
import Testing

/// What other tools write, as the oracle: it survives without loss and has no errors.
@Suite struct RealConfigTests {
    @Test(.requires(tool: "runc"), arguments: ["", "--rootless"])
    func `runc spec`(flag: String) async throws {
        let folder = try TemporaryFolder()
        try await Tool.shell("runc spec \(flag)", in: folder.path)
        try await check("\(folder.path)/config.json")
    }

    @Test(.requires(tool: "crun"), arguments: ["", "--rootless"])
    func `crun spec`(flag: String) async throws {
        let folder = try TemporaryFolder()
        try await Tool.shell("crun spec \(flag)", in: folder.path)
        try await check("\(folder.path)/config.json")
    }

    @Test(.requires(tool: "umoci"), arguments: ["", "--rootless"])
    func `umoci unpack`(flag: String) async throws {
        let folder = try TemporaryFolder()
        try await Tool.shell(
            """
            umoci init --layout image
            umoci new --image image:a
            umoci config --image image:a --os linux --architecture amd64 --config.user 33:33 --config.env A=b \
                --config.volume /data --config.exposedports 80/tcp --config.label x=y --config.cmd sh
            umoci unpack \(flag) --image image:a bundle
            """, in: folder.path)
        try await check("\(folder.path)/bundle/config.json")
        let whole = try await Tool.run(Tool.bundletool, ["validate", "--strict", "\(folder.path)/bundle"])
        #expect(whole.succeeded, "\(whole.output)\(whole.errors)")
    }

    @Test(.requires(tool: "podman"), .requiresRoot)
    func `podman create`() async throws {
        let folder = try TemporaryFolder()
        // The container need not start; podman writes its configuration before it calls the runtime.
        try await Tool.shell(
            """
            mkdir -p empty/etc
            p() { podman --root "$PWD/root" --runroot "$PWD/run" --tmpdir "$PWD/tmp" --storage-driver vfs \
                --cgroup-manager cgroupfs --events-backend none "$@"; }
            tar -C empty -c . | p import - localhost/test:1 >/dev/null 2>&1
            p create --name test --network none --memory 64m --cpus 0.5 --device /dev/null:/dev/other \
                --ulimit nofile=100:200 --sysctl net.ipv4.ip_forward=1 --pids-limit 50 localhost/test:1 sh >/dev/null
            p init test >/dev/null 2>&1 || true
            cp root/vfs-containers/*/userdata/config.json .
            p rm -f test >/dev/null 2>&1
            """, in: folder.path)
        try await check("\(folder.path)/config.json")
    }

    private func check(_ path: String) async throws {
        let before = try await Tool.shell("cat '\(path)'")
        let document = try JSONCoding.parse(Array(before.utf8))
        let spec = try RuntimeSpec(parsing: Array(before.utf8))
        #expect(spec.json == document)
        #expect(
            Validator.findings(in: document, options: ValidationOptions(isStrict: true)).filter {
                $0.severity == .error
            } == [])

        // The same through the commands; without flags an edit only rewrites.
        let mode = try await Tool.shell("chmod 640 '\(path)'; stat -c '%a %U' '\(path)'")
        let edited = try await Tool.run(Tool.bundletool, ["config", "edit", path])
        #expect(edited.succeeded, "\(edited.errors)")
        let after = try await Tool.shell("cat '\(path)'")
        #expect(try JSONCoding.parse(Array(after.utf8)) == document)
        #expect(try await Tool.shell("stat -c '%a %U' '\(path)'") == mode)
        let valid = try await Tool.run(Tool.bundletool, ["validate", "--strict", "--config", path])
        #expect(valid.succeeded, "\(valid.output)\(valid.errors)")
    }
}
