extension RuntimeSpec.Seccomp {
    /// The profile of new configurations, for this machine's architecture.
    ///
    /// What the kernel has (up to 6.15) is either allowed or refused with EPERM. What is newer, and what cannot be told
    /// apart by a filter, fails with ENOSYS, so that libraries fall back to what they used before: glibc from `clone3`,
    /// whose flags are in memory, to `clone`, whose flags a filter can see.
    public static var `default`: RuntimeSpec.Seccomp {
        RuntimeSpec.Seccomp { profile in
            profile.defaultAction = "SCMP_ACT_ERRNO"
            profile.defaultErrnoRet = 38
            profile.architectures = nativeArchitectures
            profile.syscalls = [
                rule(allowedCalls),
                refusal(refusedCalls),
                // No new namespaces; CLONE_NEWTIME shares its bit with the exit signal and cannot be asked for here.
                rule(["clone"], where: cloneFlags, masked: 0x7E02_0000, is: 0),
            ]
            // Unix, IPv4, IPv6, netlink, packet. A vsock would reach the hypervisor. Only the low half is compared, as
            // in the kernel, or a family with high bits set would pass.
            for family: UInt64 in [1, 2, 10, 16, 17] {
                profile.syscalls?.append(rule(["socket"], where: 0, masked: 0xFFFF_FFFF, is: family))
            }
            // Linux, 32-bit uname, uname of a 2.6 kernel, both, and the question which one it is.
            for domain: UInt64 in [0, 0x8, 0x2_0000, 0x2_0008, 0xFFFF_FFFF] {
                profile.syscalls?.append(rule(["personality"], where: 0, masked: 0xFFFF_FFFF, is: domain))
            }
        }
    }

    private static func rule(_ names: [String]) -> RuntimeSpec.Syscall {
        RuntimeSpec.Syscall {
            $0.names = names
            $0.action = "SCMP_ACT_ALLOW"
        }
    }

    private static func refusal(_ names: [String]) -> RuntimeSpec.Syscall {
        RuntimeSpec.Syscall {
            $0.names = names
            $0.action = "SCMP_ACT_ERRNO"
            $0.errnoRet = 1
        }
    }

    private static func rule(
        _ names: [String], where index: UInt32, masked mask: UInt64, is value: UInt64
    ) -> RuntimeSpec.Syscall {
        var rule = rule(names)
        rule.args = [
            RuntimeSpec.SyscallArgument {
                $0.index = index
                $0.value = mask
                $0.valueTwo = value
                $0.op = "SCMP_CMP_MASKED_EQ"
            }
        ]
        return rule
    }

    /// The native architecture, and the 32-bit one that the same kernel runs.
    private static var nativeArchitectures: [String] {
        #if arch(x86_64)
            ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]
        #elseif arch(arm64)
            ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"]
        #elseif arch(s390x)
            ["SCMP_ARCH_S390X", "SCMP_ARCH_S390"]
        #else
            []
        #endif
    }

    /// Which argument of `clone` has the flags.
    private static var cloneFlags: UInt32 {
        #if arch(s390x)
            1
        #else
            0
        #endif
    }
}
