internal import Glibc
internal import LinuxSystem

/// The instructions that programs find on a machine, and go on using wherever they are moved to: libraries choose their
/// functions by them once, at the start. CRIU compares no more than the floating-point unit unless it is told to
/// (`cpu-cap`), and then more than programs see.
struct Processor: Codable, Sendable, Equatable {
    /// As `uname -m` says it.
    var architecture: String
    /// As `/proc/cpuinfo` names them.
    var features: [String]

    /// This machine's, with the features that programs can use.
    static func here() -> Processor {
        let architecture = machine()
        let all = features(Files.text(of: "/proc/cpuinfo") ?? "")
        // Elsewhere the kernel lists what it tells programs about, and nothing else.
        guard architecture == "x86_64" else { return Processor(architecture: architecture, features: all) }
        return Processor(architecture: architecture, features: all.filter(isInstruction))
    }

    /// What a container from a machine with this one would miss here.
    func problems() -> [String] {
        let machine = Self.machine()
        if machine != architecture {
            return ["its processor is \(machine), the container's \(architecture): choose a machine of the same kind"]
        }
        let missing = missing(in: Self.features(Files.text(of: "/proc/cpuinfo") ?? ""))
        if missing.isEmpty { return [] }
        return [
            "its processor lacks \(missing.joined(separator: " ")), which programs of the container may use: choose another "
                + "machine, or --ignore-processor if they do not"
        ]
    }

    func missing(in there: [String]) -> [String] { Set(features).subtracting(there).sorted() }

    /// The first processor's, of the file's text.
    static func features(_ text: String) -> [String] {
        let line = text.split(separator: "\n").first { $0.hasPrefix("flags") || $0.hasPrefix("Features") }
        return line?.split(separator: ":").last?.split(separator: " ").map(String.init) ?? []
    }

    /// Whether a flag of x86 stands for something that a program can execute, or for a part of the state that is restored.
    static func isInstruction(_ flag: String) -> Bool {
        families.contains { flag.hasPrefix($0) } || instructions.contains(flag)
    }

    private static let families = ["sse", "avx", "amx", "xsavec", "xsaveopt", "3dnow", "sha", "sm3", "sm4", "apx"]
    private static let instructions: Set<String> = Set(
        """
        abm adx aes bmi1 bmi2 cldemote clflush clflushopt clwb clzero cmov cmpccxadd cx16 cx8 enqcmd f16c fma fma4 fsgsbase \
        fxsr gfni lahf_lm lwp misalignsse mmx mmxext monitorx movbe movdir64b movdiri mpx mwaitx ospke pclmulqdq pku pni \
        popcnt raoint rdpid rdpru rdrand rdseed rdtscp rtm serialize ssse3 tbm tsxldtrk user_shstk vaes vpclmulqdq waitpkg \
        xgetbv1 xop xsave
        """.split(separator: " ").map(String.init))

    private static func machine() -> String {
        var names = utsname()
        guard uname(&names) == 0 else { return "unknown" }
        return withUnsafeBytes(of: names.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
