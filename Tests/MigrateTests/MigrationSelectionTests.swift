import Testing

@testable import Migrate

@Suite struct MigrationSelectionTests {
    private static func container(_ id: String, in bundle: String, _ status: String = "running") -> Container {
        Container(id: id, pid: 7, status: status, bundle: "/c/\(bundle)")
    }

    private static let pair = [
        MigrationSelection.Bundle(path: "/c/a"), MigrationSelection.Bundle(path: "/c/b", origin: "/c/a"),
    ]

    struct Case: Sendable {
        var source: String?
        var destination: String?
        var containers: [Container]
        var bundles = pair
        /// Container id and destination, or part of the error.
        var expected: Result<[String], Message>
    }

    struct Message: Error { var part: String }

    @Test(arguments: [
        Case(containers: [container("a", in: "a")], expected: .success(["a", "/c/b"])),
        // Back to the origin.
        Case(containers: [container("a", in: "b")], expected: .success(["a", "/c/a"])),
        // By bundle, by id, with and without a destination.
        Case(source: "b", containers: [container("a", in: "b")], expected: .success(["a", "/c/a"])),
        Case(source: "a", containers: [container("a", in: "b")], expected: .success(["a", "/c/a"])),
        Case(source: "a", destination: "b", containers: [container("a", in: "a")], expected: .success(["a", "/c/b"])),
        // Other folders' containers and stopped ones do not count.
        Case(
            containers: [container("a", in: "a"), container("x", in: "../x"), container("old", in: "b", "stopped")],
            expected: .success(["a", "/c/b"])),
        Case(
            containers: [container("a", in: "a", "paused"), container("old", in: "b", "stopped")],
            expected: .failure(Message(part: "container a is paused, not running"))),
        Case(containers: [], expected: .failure(Message(part: "no container runs from the containers folder"))),
        Case(
            containers: [container("a", in: "a"), container("z", in: "b")],
            expected: .failure(Message(part: "several containers run, name one: a, z"))),
        Case(
            containers: [container("a", in: "a")],
            bundles: pair + [MigrationSelection.Bundle(path: "/c/d", origin: "/c/a")],
            expected: .failure(Message(part: "name one: b, d"))),
        Case(
            containers: [container("a", in: "a")], bundles: [pair[0]],
            expected: .failure(Message(part: "no free clone"))),
        Case(
            source: "a", destination: "a", containers: [container("a", in: "a")],
            expected: .failure(Message(part: "already runs in"))),
        Case(
            source: "nobody", destination: "b", containers: [container("a", in: "a")],
            expected: .failure(Message(part: "no container runs from bundle 'nobody'"))),
        Case(
            source: "a", destination: "b", containers: [container("a", in: "a", "paused")],
            expected: .failure(Message(part: "is paused, not running"))),
        Case(
            source: "a", destination: "b", containers: [container("a", in: "a"), container("z", in: "b")],
            expected: .failure(Message(part: "in use by container z"))),
    ])
    func chooses(_ row: Case) {
        do {
            let selection = try MigrationSelection(
                source: row.source.map { ($0, "/c/\($0)") }, destination: row.destination.map { "/c/\($0)" },
                containers: row.containers, bundles: row.bundles)
            #expect([selection.container.id, selection.destination] == (try? row.expected.get()))
        } catch {
            guard case .failure(let message) = row.expected else {
                Issue.record("unexpected: \(error)")
                return
            }
            #expect(error.message.contains(message.part), "\(error.message)")
        }
    }
}
