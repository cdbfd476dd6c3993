import Glibc
package import Testing

/// What a test needs of the machine. Where it is missing the test is skipped and says why; in CI (`CI` is set) that is
/// a failure: there everything must be there.
extension Trait where Self == ConditionTrait {
    package static var requiresRoot: Self { .requires("root", geteuid() == 0) }

    /// A program in `PATH`.
    package static func requires(tool name: String) -> Self {
        .requires("the program \(name)", Tool.path(of: name) != nil)
    }

    package static func requires(_ what: String, _ isThere: @autoclosure @escaping @Sendable () -> Bool) -> Self {
        .enabled("needs \(what)") {
            if isThere() { return true }
            if Tool.isCI { throw MissingRequirement(what: what) }
            return false
        }
    }
}

struct MissingRequirement: Error, CustomStringConvertible {
    let what: String
    var description: String { "this machine lacks \(what); scripts/setup.sh installs what tests need" }
}
