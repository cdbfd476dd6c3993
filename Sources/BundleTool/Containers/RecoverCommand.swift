import ArgumentParser
import Bundles
import Migrate

struct RecoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Finish or undo what a migration left that was killed.",
        discussion: """
            The container runs afterwards, once: in the destination's bundle where all of it had arrived there, else in \
            the source's. Where it runs already, only leftovers are removed.
            """)

    @OptionGroup var containers: ContainersOption

    func run() async throws {
        try Failure.unlessRoot("recovering a migration")
        let found = UnfinishedMigration.find(in: containers.containersFolder.path)
        let received = try await ReceivedMigration.settle(in: containers.containersFolder.path)
        for migration in received {
            print(
                migration.container.map {
                    "container \($0.id), received here, runs in \($0.bundle); a note is kept for its source to ask"
                } ?? "a migration to here that was never completed is removed; its container is the source's")
            if migration.isRestarted { warnOfRestart() }
        }
        if found.isEmpty, received.isEmpty { print("nothing to recover in \(containers.containersFolder.path)") }
        for migration in found {
            switch try await migration.recover() {
            case .wasRunning(let bundle):
                print("container \(migration.container) runs in \(bundle); what the migration left is removed")
            case .restored(let bundle): print("container \(migration.container) runs again in \(bundle)")
            case .handedOver(let bundle):
                print("container \(migration.container) is the receiver's, in \(bundle); what was left here is removed")
            case .restarted(let bundle):
                print("container \(migration.container) runs again in \(bundle)")
                warnOfRestart()
            case .hadEnded: print("container \(migration.container) had ended; what the migration left is removed")
            }
        }
    }

    private func warnOfRestart() {
        Console.warning(
            "its page server was killed before all memory was there: it was started again from its images, and what it "
                + "had done since it was moved is lost")
    }
}

extension ContainersFolder {
    /// Says so where a migration was killed here; commands about containers begin with it.
    func warnOfUnfinishedMigrations() {
        for migration in UnfinishedMigration.find(in: path) {
            Console.warning(
                "a migration of container \(migration.container) was killed: 'bundletool recover' finishes or undoes it"
            )
        }
    }
}
