/// One thing that a machine has or lacks.
package struct Finding: Sendable, Codable, Equatable {
    package enum Verdict: String, Sendable, Codable {
        /// There, and fit for use.
        case ok
        /// Not there; everything works without it, something less well.
        case optional
        /// Not there, and needed.
        case missing
    }

    package var subject: String
    package var verdict: Verdict
    /// What was found.
    package var detail: String
    /// What to do about it, mostly a command; nil where nothing is to be done.
    package var remedy: String?
}

/// What this machine can do: the runtime, CRIU, the kernel, the containers folder.
package struct Diagnosis: Sendable {
    /// `--runtime`, `--runtime-root`, `--criu`, as the user gave them.
    let runtime: String?
    let stateFolder: String?
    let criu: String?
    /// Where bundles are, or will be made.
    let containersFolder: String

    package init(runtime: String?, stateFolder: String?, criu: String?, containersFolder: String) {
        self.runtime = runtime
        self.stateFolder = stateFolder
        self.criu = criu
        self.containersFolder = containersFolder
    }

    package func findings() async -> [Finding] {
        var findings = [Kernel.user()]
        await findings.append(runtimeFinding())
        findings += await criuFindings()
        findings += Kernel.findings()
        findings.append(FirewallTools.finding())
        findings.append(Reflink.finding(folder: containersFolder))
        return findings
    }

    private func runtimeFinding() async -> Finding {
        do {
            let runtime = try ContainerRuntime.find(explicit: runtime, stateFolder: stateFolder)
            let version = try await runtime.version()
            do {
                _ = try await runtime.prepared(criuFolder: "/")
                return Finding(subject: "runtime", verdict: .ok, detail: "\(runtime.name) \(version), \(runtime.path)")
            } catch {
                return Finding(
                    subject: "runtime", verdict: .missing,
                    detail: "\(runtime.name) \(version) runs containers and cannot migrate them",
                    remedy: "apt-get install runc")
            }
        } catch {
            return Finding(subject: "runtime", verdict: .missing, detail: "\(error)", remedy: "apt-get install runc")
        }
    }

    private func criuFindings() async -> [Finding] {
        do {
            let criu = try await CRIUInstallation.find(explicit: criu)
            if let objection = try await criu.objection() {
                return [
                    Finding(
                        subject: "CRIU", verdict: .missing,
                        detail: "\(criu.version), \(criu.path), does not fit this kernel: \(objection)",
                        remedy: "scripts/setup.sh run")
                ]
            }
            let lazy = try await criu.has(feature: "uffd-noncoop")
            return [
                Finding(subject: "CRIU", verdict: .ok, detail: "\(criu.version), \(criu.path)"),
                Finding(
                    subject: "userfaultfd", verdict: lazy ? .ok : .optional,
                    detail: lazy
                        ? "CRIU can restore lazily"
                        : "CRIU cannot restore lazily: memory is filled before a restore ends",
                    remedy: lazy ? nil : "a kernel with CONFIG_USERFAULTFD"),
            ]
        } catch {
            return [Finding(subject: "CRIU", verdict: .missing, detail: "\(error)", remedy: "scripts/setup.sh run")]
        }
    }
}
