/// When to stop sending the memory of a running container in rounds, and what to expect of the rest.
///
/// A round reads all memory and sends what has changed since the one before. What changes during a round is left for the
/// next one, or for the time that the container is stopped.
package struct Convergence: Sendable, Equatable {
    /// What to do after a round.
    package enum Decision: Sendable, Equatable {
        /// Another round makes the rest smaller.
        case again
        /// The rest is small enough.
        case enough
        /// The rest does not get smaller: the container changes its memory about as fast as the link carries it.
        case stalled
        /// As many rounds as allowed.
        case limit
    }

    /// Seconds that sending the rest may take while the container is stopped.
    package var target: Double
    package var mostRounds: Int

    package init(target: Double = 0.3, mostRounds: Int = 8) {
        self.target = target
        self.mostRounds = mostRounds
    }

    /// A share of the last round's pages that is no progress any more.
    private static let stallShare = 0.9

    /// - Parameters:
    ///   - rounds: those that were, in order.
    ///   - rate: bytes a second that the link carries.
    func decide(_ rounds: [MigrationReport.Round], rate: Double) -> Decision {
        guard let last = rounds.last else { return .again }
        // The first round sends everything and tells nothing about change.
        if rounds.count >= 2 {
            if predictedTransfer(rounds, rate: rate) <= target { return .enough }
            if Double(last.pages) > Self.stallShare * Double(rounds[rounds.count - 2].pages) { return .stalled }
        }
        guard rounds.count >= mostRounds else { return .again }
        // Who wants a single round gets one; it says nothing about convergence.
        return rounds.count == 1 ? .enough : .limit
    }

    /// Seconds that the rest will take on the link: what changed during the last round, at the pace at which it changed.
    func predictedTransfer(_ rounds: [MigrationReport.Round], rate: Double) -> Double {
        guard let last = rounds.last, rounds.count >= 2, rate > 0 else { return 0 }
        // The pages of a round had changed during the time of the round before.
        let before = max(rounds[rounds.count - 2].seconds, 0.001)
        let left = Double(last.pages) * min(1, last.seconds / before)
        return left * Double(Page.size) / rate
    }

    /// Bytes a second that the container changes, as the last round saw it.
    static func changeRate(_ rounds: [MigrationReport.Round]) -> Double {
        guard let last = rounds.last, rounds.count >= 2 else { return 0 }
        return Double(last.pages * Page.size) / max(rounds[rounds.count - 2].seconds, 0.001)
    }
}
