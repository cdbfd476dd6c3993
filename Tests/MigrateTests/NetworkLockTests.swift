import Testing

@testable import Migrate

@Suite struct NetworkLockTests {
    private static let connections: Set = [NetworkLock.Connection(local: 8000, remote: 52158)]

    @Test(
        arguments: [
            (
                "-A INPUT -s 127.0.0.1/32 -d 127.0.0.1/32 -p tcp -m mark ! --mark 0xc114 -m tcp --sport 52158 --dport 8000 -j DROP",
                true
            ),
            (
                "-A OUTPUT -s 127.0.0.1/32 -d 127.0.0.1/32 -p tcp -m mark ! --mark 0xc114 -m tcp --sport 8000 --dport 52158 -j DROP",
                true
            ),
            // Somebody else's connection, the other direction, another chain, no rule of CRIU's.
            ("-A INPUT -p tcp -m mark ! --mark 0xc114 -m tcp --sport 52159 --dport 8000 -j DROP", false),
            ("-A INPUT -p tcp -m mark ! --mark 0xc114 -m tcp --sport 8000 --dport 52158 -j DROP", false),
            ("-A FORWARD -p tcp -m mark ! --mark 0xc114 -m tcp --sport 52158 --dport 8000 -j DROP", false),
            ("-A INPUT -p tcp -m tcp --sport 52158 --dport 8000 -j DROP", false),
            ("-A INPUT -p tcp -m mark ! --mark 0xc114 -m tcp --sport 52158 --dport 8000 -j ACCEPT", false),
            ("-A INPUT -m mark ! --mark 0xc114 -j DROP", false), ("", false), ("-A ", false),
        ])
    func knowsCRIUsRules(rule: Substring, isLock: Bool) {
        #expect(NetworkLock.isLock(rule, of: Self.connections) == isLock)
    }

    /// As the log of a dump by CRIU 4.1.1 began; later it says `add element inet CRIU-39ae2461-8fc1-4f23-92 conns4 …`.
    @Test func knowsTheTablesOfARun() {
        let log = """
            (00.000000) Unable to get $HOME directory, local configuration file will not be used.
            (00.000000) CRIU run id = c6e6a7fe-0223-4494-ba0d-a3d106a9c362
            (00.000000) CRIU run id = 39ae2461-8fc1-4f23-92ff-da14294f0f2a
            (00.000011) Version: 4.1.1 (gitid 0)
            """
        #expect(NetworkLockTable.names(in: log) == ["CRIU-c6e6a7fe-0223-4494-ba", "CRIU-39ae2461-8fc1-4f23-92"])
        #expect(NetworkLockTable.names(in: "(00.014070) Dump CRIU run id = 39ae2461-8fc1-4f23-92ff-da14294f0f2a") == [])
        #expect(NetworkLockTable.names(in: "(00.000000) CRIU run id = x\n") == [])
        #expect(NetworkLockTable.names(in: "") == [])
    }

    @Test func takesAwayTheChainThatIsCRIUsAndNoOther() {
        let own: [Substring] = [
            "*filter", ":CRIU - [0:0]", "-A INPUT -j CRIU", "-A OUTPUT -j CRIU",
            "-A CRIU -m mark --mark 0xc114 -j ACCEPT", "-A CRIU -j DROP",
        ]
        #expect(
            NetworkLock.deletions(ofChainIn: own) == [
                ["-D", "INPUT", "-j", "CRIU"], ["-D", "OUTPUT", "-j", "CRIU"], ["-F", "CRIU"], ["-X", "CRIU"],
            ])
        #expect(NetworkLock.deletions(ofChainIn: Array(own.dropLast())) == [])
        #expect(NetworkLock.deletions(ofChainIn: ["-A INPUT -j DROP"]) == [])
    }
}
