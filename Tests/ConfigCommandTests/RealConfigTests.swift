import Bundles
import Glibc
import OCIConfig
import TestSupport
import Testing

private let dockerFolder = "\(CacheFolder.path)/docker"

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

    /// The daemon runs in namespaces of its own, with all that it writes in the test's folder. What it hands to the
    /// runtime is kept on the way.
    @Test(
        .requiresRoot, .requires(tool: "runc"),
        .requires(
            "Docker's programs in the cache (scripts/setup.sh test)", access("\(dockerFolder)/dockerd", X_OK) == 0),
        arguments: [
            "", "--privileged",
            """
            --read-only --cap-drop ALL --cap-add NET_BIND_SERVICE --security-opt no-new-privileges --user 1000:1000 \
            --memory 64m --memory-swap 128m --cpus 0.5 --cpu-shares 512 --cpuset-cpus 0 --pids-limit 50 \
            --ulimit nofile=100:200 --device /dev/null:/dev/other:r --tmpfs /scratch:size=1m --shm-size 8m \
            --volume /etc:/host:ro --sysctl net.ipv4.ip_forward=1 --hostname other --env A=b --label c=d --init \
            --oom-score-adj 100 --group-add 5 --workdir /tmp --ipc private --blkio-weight 200
            """,
        ])
    func `docker run`(flags: String) async throws {
        let folder = try TemporaryFolder()
        let group = "bundletool-test-\(getpid())-\(flags.utf8.count)"
        try folder.write(
            Array(
                """
                #!/bin/sh
                for argument; do
                    if [ "$before" = --bundle ]; then cp "$argument/config.json" '\(folder.path)/'; fi
                    before=$argument
                done
                exec \(Tool.path(of: "runc")!) "$@"
                """.utf8), to: "keeping-runc", mode: 0o755)
        try folder.write(
            Array(
                """
                if grep -q ' /sys/fs/cgroup/unified ' /proc/mounts; then umount /sys/fs/cgroup/unified; fi
                ip link set lo up
                export PATH='\(dockerFolder)':$PATH DOCKER_HOST='unix://\(folder.path)/socket'
                echo '{}' >none.json
                dockerd --config-file none.json --data-root "$PWD/data" --exec-root "$PWD/exec" --pidfile "$PWD/pid" \
                    --host "$DOCKER_HOST" --storage-driver vfs --iptables=false --ip6tables=false --bridge=none \
                    --cgroup-parent '/\(group)' --add-runtime "keeping=$PWD/keeping-runc" >log 2>&1 &
                daemon=$!
                for try in $(seq 200); do
                    if docker version >/dev/null 2>&1 || ! kill -0 $daemon 2>/dev/null; then break; fi
                    sleep 0.1
                done
                docker import '\(CacheFolder.path)/python-rootfs.tar.gz' test:1 >/dev/null
                docker run --rm --network none --runtime keeping \(flags) test:1 python3 -c 'print("started")' 2>&1 || tail log
                kill $daemon
                wait $daemon || :
                """.utf8), to: "script")
        // Where the daemon is left behind, it ends with its namespace.
        let output = try await Tool.shell(
            """
            trap "find /sys/fs/cgroup -depth -type d -path '*/\(group)*' -exec rmdir {} + 2>/dev/null || :" EXIT
            unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private sh -eu script
            """, in: folder.path)
        // Not every machine has all privileges to give away; the configuration is made all the same.
        #expect(
            output.hasSuffix("started\n") || flags == "--privileged" && output.contains("unable to apply caps"),
            "\(output)")
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
