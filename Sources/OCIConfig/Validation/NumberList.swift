/// A list of CPUs or memory nodes: `0-3,7`.
enum NumberList {
    static func isValid(_ text: String) -> Bool {
        text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { part in
            let bounds = part.split(separator: "-", omittingEmptySubsequences: false)
            let numbers = bounds.compactMap { bound -> UInt32? in
                let bound = bound.drop { $0 == " " }
                return bound.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
                    ? UInt32(bound) : nil
            }
            guard numbers.count == bounds.count, (1...2).contains(numbers.count) else { return false }
            return numbers.count == 1 || numbers[0] <= numbers[1]
        }
    }
}
