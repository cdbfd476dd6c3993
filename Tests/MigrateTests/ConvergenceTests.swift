import Testing

@testable import Migrate

@Suite struct ConvergenceTests {
    /// Pages and seconds of each round, at 100 MB/s, and what to do then.
    @Test(
        arguments: [
            ([], .again),
            ([(80_000, 3.3)], .again),
            // Idle: the second round finds nearly nothing.
            ([(80_000, 3.3), (20, 0.1)], .enough),
            // 10 % change each second: each round is shorter than the one before.
            ([(80_000, 3.3), (26_000, 1.1)], .again),
            ([(80_000, 3.3), (26_000, 1.1), (8_600, 0.45)], .enough),
            // Everything changes all the time.
            ([(80_000, 3.3), (79_000, 3.3)], .stalled),
            ([(80_000, 3.3), (60_000, 2.5), (50_000, 2.1)], .again),
            ([(80_000, 3.3), (60_000, 2.5), (50_000, 2.1), (42_000, 1.8)], .limit),
        ] as [([(Int, Double)], Convergence.Decision)])
    func decides(rounds: [(Int, Double)], decision: Convergence.Decision) {
        let convergence = Convergence(target: 0.3, mostRounds: 4)
        let rounds = rounds.map { MigrationReport.Round(pages: $0.0, seconds: $0.1) }
        #expect(convergence.decide(rounds, rate: 100e6) == decision)
    }

    @Test func aSingleRoundIsNoLimitThatWasMissed() {
        let rounds = [MigrationReport.Round(pages: 80_000, seconds: 3.3)]
        #expect(Convergence(target: 0.3, mostRounds: 1).decide(rounds, rate: 100e6) == .enough)
    }

    @Test func predictsByThePaceOfChange() {
        // 10,000 pages changed within 4 s; half of them will within the 2 s of the last round.
        let rounds = [
            MigrationReport.Round(pages: 90_000, seconds: 4), MigrationReport.Round(pages: 10_000, seconds: 2),
        ]
        #expect(Convergence().predictedTransfer(rounds, rate: 4096 * 10_000) == 0.5)
        #expect(Convergence.changeRate(rounds) == 4096 * 2_500)
        #expect(Convergence().predictedTransfer([], rate: 1) == 0)
    }
}
