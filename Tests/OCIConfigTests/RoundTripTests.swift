import Testing

@testable import OCIConfig

/// A generator of random documents that fit a specification's tables, with unknown keys and nulls strewn in.
struct DocumentGenerator {
    var random: SeededGenerator

    mutating func value(_ kind: SpecKind, _ rule: SpecFieldRule = SpecFieldRule(), depth: Int = 0) -> JSONValue {
        switch kind {
        case .bool: return .bool(.random(using: &random))
        case .string: return .string(rule.values.randomElement(using: &random) ?? text())
        case .integer(let minimum, let maximum): return integer(minimum, rule.maximum ?? maximum)
        case .any: return anything(depth: depth)
        case .array(let element):
            return .array(
                (0..<Int.random(in: 0...3, using: &random)).map { _ in value(element, rule, depth: depth + 1) })
        case .map(let element):
            var members: [String: JSONValue] = [:]
            for _ in 0..<Int.random(in: 0...3, using: &random) { members[text()] = value(element, depth: depth + 1) }
            return .object(members)
        case .object(let type):
            var members: [String: JSONValue] = [:]
            for field in type.shape.list where Int.random(in: 0..<3, using: &random) > 0 {
                members[field.key] =
                    Int.random(in: 0..<20, using: &random) == 0
                    ? .null : value(field.kind, field.rule, depth: depth + 1)
            }
            if Int.random(in: 0..<4, using: &random) == 0 { members["x-\(text())"] = anything(depth: depth) }
            return .object(members)
        }
    }

    private mutating func integer(_ minimum: Int64, _ maximum: UInt64) -> JSONValue {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return JSONValue(minimum)
        case 1: return JSONValue(maximum)
        default: return JSONValue(UInt64.random(in: 0...maximum, using: &random))
        }
    }

    mutating func text() -> String {
        let letters = ["a", "Z", "0", "/", "\"", "\\", "\n", "é", "😀", "\u{0}", ".", "=", " ", "\u{7f}"]
        return (0..<Int.random(in: 0...6, using: &random)).map { _ in letters.randomElement(using: &random)! }.joined()
    }

    private mutating func anything(depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth > 6 ? 6 : 8), using: &random) {
        case 0: return .null
        case 1: return .bool(.random(using: &random))
        case 2: return integer(.min, .max)
        case 3: return .decimal("\(Double.random(in: -1e9...1e9, using: &random))")
        case 4: return .decimal("1e\(Int.random(in: 300...999, using: &random))")
        case 5: return .string(text())
        case 6: return value(.array(.any), depth: depth + 1)
        default: return value(.map(.any), depth: depth + 1)
        }
    }
}

/// The same numbers in each run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite struct RoundTripTests {
    static let types: [any SpecObject.Type] = [
        RuntimeSpec.self, RuntimeState.self, RuntimeFeatures.self, ContainerProcessState.self, ImageSpec.Image.self,
        ImageSpec.Manifest.self, ImageSpec.Index.self, ImageSpec.Layout.self,
    ]

    @Test(arguments: 0..<RoundTripTests.types.count)
    func `documents survive decoding, encoding, writing and parsing`(index: Int) throws {
        try roundTrips(Self.types[index])
    }

    private func roundTrips<Object: SpecObject>(_ type: Object.Type) throws {
        var generator = DocumentGenerator(random: SeededGenerator(state: 7))
        for _ in 0..<300 {
            let document = generator.value(type.kind)
            let object = try JSONCoding.decode(type, from: document)
            #expect(object.json == document)
            let text = JSONCoding.text(object.json)
            #expect(try JSONCoding.parse(text) == document)
            #expect(try JSONCoding.decode(type, from: text) == object)
            #expect(try JSONCoding.encode(object) == text)
        }
    }

    @Test func `every field of every type is reached`() {
        // A generator that reached few fields would prove little.
        var generator = DocumentGenerator(random: SeededGenerator(state: 1))
        var seen: Set<String> = []
        for _ in 0..<400 { collect(generator.value(RuntimeSpec.kind), RuntimeSpec.kind, "", &seen) }
        var all: Set<String> = []
        list(RuntimeSpec.kind, "", &all)
        #expect(all.subtracting(seen) == [])
        #expect(all.count > 250)
    }

    private func collect(_ value: JSONValue, _ kind: SpecKind, _ path: String, _ seen: inout Set<String>) {
        switch (kind, value) {
        case (.object(let type), .object(let members)):
            for (key, member) in members {
                guard let field = type.shape[key] else { continue }
                seen.insert("\(path).\(key)")
                collect(member, field.kind, "\(path).\(key)", &seen)
            }
        case (.array(let element), .array(let elements)):
            for item in elements { collect(item, element, path, &seen) }
        case (.map(let element), .object(let members)):
            for item in members.values { collect(item, element, path, &seen) }
        default: break
        }
    }

    private func list(_ kind: SpecKind, _ path: String, _ all: inout Set<String>) {
        switch kind {
        case .object(let type):
            for field in type.shape.list {
                all.insert("\(path).\(field.key)")
                list(field.kind, "\(path).\(field.key)", &all)
            }
        case .array(let element), .map(let element): list(element, path, &all)
        default: break
        }
    }

    @Test func `editing one field changes one line`() throws {
        var spec = RuntimeSpec.default()
        let before = String(decoding: spec.encoded(), as: UTF8.self).split(separator: "\n")
        try ConfigEdits([.hostname("other")]).apply(to: &spec)
        let after = String(decoding: spec.encoded(), as: UTF8.self).split(separator: "\n")
        #expect(after.difference(from: before).count == 2)
    }
}
