/// A hash table from 64-bit hashes, in as little memory as may be: 8 bytes and a value for each, at least half full, and
/// grown a 64th at a time, so that there is never a second copy of the whole.
struct CompactTable<Value> {
    private var parts: [CompactTablePart<Value>]
    private(set) var count = 0

    private static var numberOfParts: Int { 64 }

    init() {
        parts = Array(repeating: CompactTablePart(), count: Self.numberOfParts)
    }

    /// - Parameter key: a hash, all of whose bits are random.
    subscript(key: UInt64) -> Value? {
        let key = max(key, 1)
        let part = parts[Self.part(of: key)]
        return part.find(key).map { part.values[$0] }
    }

    mutating func set(_ key: UInt64, to value: Value) {
        let key = max(key, 1)
        if parts[Self.part(of: key)].set(key, value) { count += 1 }
    }

    mutating func remove(_ key: UInt64) {
        let key = max(key, 1)
        if parts[Self.part(of: key)].remove(key) { count -= 1 }
    }

    private static func part(of key: UInt64) -> Int { Int(key >> 58) }
}

private struct CompactTablePart<Value> {
    /// 0 is free.
    var keys: ContiguousArray<UInt64> = []
    var values: ContiguousArray<Value> = []
    var count = 0

    /// Where a key's search begins.
    private func home(_ key: UInt64) -> Int {
        Int(((key & 0xffff_ffff) &* UInt64(keys.count)) >> 32)
    }

    func find(_ key: UInt64) -> Int? {
        if keys.isEmpty { return nil }
        var index = home(key)
        while keys[index] != 0 {
            if keys[index] == key { return index }
            index = index + 1 == keys.count ? 0 : index + 1
        }
        return nil
    }

    /// - Returns: whether the key is new.
    mutating func set(_ key: UInt64, _ value: Value) -> Bool {
        if let index = find(key) {
            values[index] = value
            return false
        }
        if (count + 1) * 10 > keys.count * 8 { grow(with: value) }
        insert(key, value)
        count += 1
        return true
    }

    private mutating func insert(_ key: UInt64, _ value: Value) {
        var index = home(key)
        while keys[index] != 0 { index = index + 1 == keys.count ? 0 : index + 1 }
        keys[index] = key
        values[index] = value
    }

    /// - Parameter filler: for places that are free.
    private mutating func grow(with filler: Value) {
        let (oldKeys, oldValues) = (keys, values)
        let size = max(16, oldKeys.count + oldKeys.count / 2)
        keys = ContiguousArray(repeating: 0, count: size)
        values = ContiguousArray(repeating: filler, count: size)
        for (key, value) in zip(oldKeys, oldValues) where key != 0 { insert(key, value) }
    }

    /// Closes the gap, so that searches need no mark for it.
    mutating func remove(_ key: UInt64) -> Bool {
        guard var gap = find(key) else { return false }
        var index = gap
        while true {
            index = index + 1 == keys.count ? 0 : index + 1
            if keys[index] == 0 { break }
            let home = home(keys[index])
            // Whether the gap lies between where the key wants to be and where it is.
            let mayMove = gap <= index ? home <= gap || home > index : home <= gap && home > index
            if mayMove {
                keys[gap] = keys[index]
                values[gap] = values[index]
                gap = index
            }
        }
        keys[gap] = 0
        count -= 1
        return true
    }
}
