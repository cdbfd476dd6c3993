/// Finds the word that somebody meant.
enum NearMiss {
    /// The known word that is closest to `word`; nil when none is close.
    static func of(_ word: String, among known: some Sequence<String>) -> String? {
        let lowercased = word.lowercased()
        var best: (word: String, distance: Int)?
        for candidate in known {
            let distance = distance(Array(lowercased.utf8), Array(candidate.lowercased().utf8))
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        guard let best, best.distance <= max(1, word.utf8.count / 3) else { return nil }
        return best.word
    }

    /// "; did you mean 'x'?" or nothing.
    static func hint(_ word: String, among known: some Sequence<String>) -> String {
        of(word, among: known).map { "; did you mean '\($0)'?" } ?? ""
    }

    /// How many insertions, deletions, replacements and swaps of neighbours lead from one to the other.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        // Nobody misspells so long a word, and the table is quadratic.
        guard left.count <= 128, right.count <= 128 else { return .max }
        var before: [Int] = []
        var previous = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var row = [i + 1]
            for (j, b) in right.enumerated() {
                var cost = min(previous[j] + (a == b ? 0 : 1), previous[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a == right[j - 1], left[i - 1] == b { cost = min(cost, before[j - 1] + 1) }
                row.append(cost)
            }
            before = previous
            previous = row
        }
        return previous[right.count]
    }
}
