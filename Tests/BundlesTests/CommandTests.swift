import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import Bundles

/// `create` and `clone` as a user calls them.
@Suite("The create and clone commands", .requiresRoot)
struct CommandTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(TarBuilder.archive([.init("a/b", "0", "x")]), to: "good.tar")
        try folder.write(TarBuilder.archive([.init("../x", "0", "x")]), to: "evil.tar")
        try folder.write(Array("hello\n".utf8), to: "text")
        try folder.write([], to: "empty")
    }

    @Test(
        "on an error: its exit status, exactly one line, nothing left",
        arguments: [
            (["create", "one", "--from", "missing.tar"], 1), (["create", "one", "--from", "evil.tar"], 1),
            (["create", "one", "--from", "text"], 1), (["create", "one", "--from", "empty"], 1),
            (["create", "one", "--from", "tar:"], 1), (["create", "a/b", "--from", "good.tar"], 1),
            (["create", "..", "--from", "good.tar"], 1), (["create", "", "--from", "good.tar"], 1),
            (["create", "a\nb", "--from", "good.tar"], 1), (["create", "no-such-recipe"], 1),
            (["create", "one", "--from", "good.tar", "--user", "nobody-here"], 1), (["create"], 2),
            (["create", "one", "two"], 2), (["create", "one", "--no-such-flag"], 2),
            (["create", "one", "--from"], 2), (["clone", "missing", "two"], 1), (["clone", "one"], 2),
        ] as [([String], Int32)])
    func failures(arguments: [String], status: Int32) async throws {
        let before = try await TreeListing.of(folder.path, times: false)
        let outcome = try await Tool.run(Tool.bundletool, arguments, in: folder.path)
        #expect(outcome.status == status)
        #expect(outcome.output == "")
        let lines = outcome.errors.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 2 && lines[1] == "" && lines[0].hasPrefix("error: "), "\(outcome.errors)")
        #expect(try await TreeListing.of(folder.path, times: false) == before)
    }

    @Test("prints the new bundle's path; implied parents are 0755 whatever the umask")
    func success() async throws {
        try await Tool.shell("umask 077; '\(Tool.bundletool)' create one --from good.tar >out", in: folder.path)
        #expect(Files.text(of: "\(folder.path)/out") == "\(folder.path)/containers/one\n")
        let modes = try await Tool.shell(
            "stat -c %a one one/rootfs one/rootfs/a one/rootfs/a/b one/config.json", in: "\(folder.path)/containers")
        #expect(modes == "700\n755\n755\n644\n644\n")
        let clone = try await Tool.run(Tool.bundletool, ["clone", "./containers/one", "two"], in: folder.path)
        #expect(clone.output == "\(folder.path)/containers/two\n")
    }

    @Test("$BUNDLETOOL_CONTAINERS and --containers say where")
    func containers() async throws {
        try await Tool.shell(
            """
            export BUNDLETOOL_CONTAINERS=here
            '\(Tool.bundletool)' create one --from good.tar
            '\(Tool.bundletool)' create one --from good.tar --containers there
            '\(Tool.bundletool)' clone one two --containers there
            test -e here/one -a -e there/one -a -e there/two -a ! -e containers
            """, in: folder.path)
    }

    @Test("a recipe in the current folder comes before one that is built in")
    func recipe() async throws {
        try folder.write(
            Array("{\"from\": \"tar:good.tar\", \"files\": [{\"path\": \"a/new\", \"content\": \"text\"}]}".utf8),
            to: "pyserver.recipe.json")
        try await Tool.shell("'\(Tool.bundletool)' create pyserver --env A=B", in: folder.path)
        #expect(Files.text(of: "\(folder.path)/containers/pyserver/rootfs/a/new") == "text")
        #expect(Files.text(of: "\(folder.path)/containers/pyserver/config.json")?.contains("\"A=B\"") == true)
    }

    @Test("without root: one line", .requires(tool: "setpriv"))
    func notRoot() async throws {
        try await Tool.shell("chmod 777 .; cp '\(Tool.bundletool)' tool", in: folder.path)
        let outcome = try await Tool.run(
            "setpriv",
            [
                "--reuid", "65534", "--regid", "65534", "--clear-groups", "./tool", "create", "one", "--from",
                "good.tar",
            ],
            in: folder.path)
        #expect(outcome.status == 1)
        #expect(outcome.errors.hasPrefix("error: ") && outcome.errors.contains("root"))
        #expect(!Files.exists("\(folder.path)/containers"))
    }

    /// An archive that takes long enough to be interrupted in the middle.
    private func makeLargeArchive() async throws {
        try await Tool.shell(
            """
            mkdir large; cd large
            for i in $(seq 300); do mkdir d$i; for j in 1 2 3 4 5 6 7 8 9; do echo $i$j >d$i/f$j; done; done
            head -c 60000000 /dev/urandom >noise
            tar -cf ../large.tar .; cd ..; rm -r large
            """, in: folder.path)
    }

    @Test("SIGINT and SIGTERM: one line, nothing left", arguments: [SIGINT, SIGTERM])
    func interrupted(signal: Int32) async throws {
        try await Tool.shell("mkfifo slow", in: folder.path)
        // The archive stops in the middle of a file until the signal has come, then goes on.
        try folder.write(
            Array(TarBuilder.archive([.init("f", "0", String(repeating: "x", count: 4_000_000))])), to: "big.tar")
        let script = """
            exec 9<>slow
            '\(Tool.bundletool)' create one --from tar:slow 2>errors &
            tool=$!
            head -c 1000000 big.tar >&9
            kill -\(signal) $tool
            (tail -c +1000001 big.tar >&9) & feeder=$!
            wait $tool || echo "status $?"
            kill $feeder 2>/dev/null || :
            """
        let outcome = try await Tool.run("/bin/sh", ["-c", script], in: folder.path)
        #expect(outcome.output.contains("status 1"))
        #expect(Files.text(of: "\(folder.path)/errors") == "error: interrupted; nothing was left behind\n")
        #expect(!Files.exists("\(folder.path)/containers"))
    }

    @Test("killed at any moment: no half bundle under the name, and the next create works")
    func killed() async throws {
        try await makeLargeArchive()
        for step in 0..<12 {
            let script = """
                '\(Tool.bundletool)' create one --from large.tar >/dev/null & tool=$!
                sleep 0.0\(step * 3 / 10)\(step * 3 % 10); kill -KILL $tool 2>/dev/null; wait $tool
                """
            _ = try await Tool.run("/bin/sh", ["-c", script], in: folder.path)
            if Files.exists("\(folder.path)/containers/one") {
                let whole = try await Tool.shell("find containers/one/rootfs -type f | wc -l", in: folder.path)
                #expect(whole.trimmed == "2701")
                try await Tool.shell("rm -r containers/one", in: folder.path)
            }
        }
        try await Tool.shell("'\(Tool.bundletool)' create one --from large.tar", in: folder.path)
        #expect(try Files.names(in: "\(folder.path)/containers") == ["one"])
    }

    @Test("two creates of one name at once: one of them wins, whole")
    func race() async throws {
        let arguments = ["create", "one", "--from", "good.tar"]
        async let first = Tool.run(Tool.bundletool, arguments, in: folder.path)
        async let second = Tool.run(Tool.bundletool, arguments, in: folder.path)
        let statuses = try await [first.status, second.status]
        #expect(statuses.sorted() == [0, 1])
        #expect(try Files.names(in: "\(folder.path)/containers") == ["one"])
    }
}

extension String {
    var trimmed: String { String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed()) }
}
