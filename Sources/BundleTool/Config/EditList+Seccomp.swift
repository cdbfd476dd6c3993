import ArgumentParser
import OCIConfig

extension EditList {
    mutating func seccompProfile(_ choice: String) throws {
        switch choice {
        case "default": edits.append(.set(Self.path("linux.seccomp"), RuntimeSpec.Seccomp.default.json))
        case "none", "unconfined": unset("linux.seccomp")
        default:
            do {
                edits.append(.set(Self.path("linux.seccomp"), try JSONCoding.parse(Self.file(choice))))
            } catch let error as ConfigError {
                throw Failure("the seccomp profile \(choice): \(error)")
            }
        }
    }

    mutating func seccompDefault(_ action: String, force: Bool) {
        edits.append(.seccomp(.defaultAction(Self.action(action), keepingRules: force)))
    }

    mutating func seccompArchitectures(_ names: String) {
        for name in Self.words(names) { add("linux.seccomp.architectures", Self.architecture(name)) }
    }

    mutating func seccompRemove(_ calls: String) {
        for call in Self.words(calls) { edits.append(.seccomp(.remove(call))) }
    }

    /// Each call is a name, `name=errno`, or `name:index:value:valueTwo:op`.
    mutating func seccompRules(_ action: String, _ calls: String) throws {
        let action = Self.action(action)
        for call in Self.words(calls) {
            let form = "NAME, or NAME:INDEX:VALUE:VALUETWO:OP, as personality:0:8:0:EQ"
            let parts = call.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            let named = parts[0].split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 1 || parts.count == 5, named.count <= 2, !named[0].isEmpty else {
                throw Self.malformed(call, form)
            }
            var rule = RuntimeSpec.Syscall()
            rule.names = [named[0]]
            rule.action = action
            if named.count == 2 {
                guard let number = UInt32(named[1]) else { throw Self.malformed(call, "NAME=ERRNO, as mount=38") }
                rule.errnoRet = number
            }
            if parts.count == 5 {
                let op = parts[4].uppercased()
                let argument: [String: JSONValue] = [
                    "index": try Self.integer(parts[1], of: call), "value": try Self.integer(parts[2], of: call),
                    "valueTwo": try Self.integer(parts[3], of: call),
                    "op": .string(op.hasPrefix("SCMP_CMP_") ? op : "SCMP_CMP_\(op == "ME" ? "MASKED_EQ" : op)"),
                ]
                do {
                    rule.args = [try JSONCoding.decode(RuntimeSpec.SyscallArgument.self, from: .object(argument))]
                } catch {
                    throw ValidationError("'\(call)': \(error)")
                }
            }
            edits.append(.seccomp(.rule(rule)))
        }
    }

    private static func action(_ name: String) -> String {
        let upper = name.uppercased().replacing("-", with: "_")
        return upper.hasPrefix("SCMP_ACT_") ? upper : "SCMP_ACT_\(upper)"
    }

    /// Names of libseccomp, of Go and of Debian.
    private static func architecture(_ name: String) -> String {
        let other = [
            "amd64": "X86_64", "386": "X86", "i386": "X86", "arm64": "AARCH64", "armhf": "ARM", "armel": "ARM",
            "ppc64el": "PPC64LE", "mipsle": "MIPSEL", "mips64le": "MIPSEL64", "loong64": "LOONGARCH64",
        ]
        let upper = name.uppercased()
        return upper.hasPrefix("SCMP_ARCH_") ? upper : "SCMP_ARCH_\(other[name.lowercased()] ?? upper)"
    }
}
