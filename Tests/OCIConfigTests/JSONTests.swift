import OCIConfig
import Testing

@Suite struct JSONTests {
    @Test(arguments: [
        "null", "true", "0", "-9223372036854775808", "9223372036854775807", "9223372036854775808",
        "18446744073709551615", "18446744073709551616", "1.0", "1e400", "-0", #""a/b\u0000\"\\é😀""#, "[]", "{}",
        #"{"a":null,"b":[],"c":{},"d":""}"#,
    ])
    func `what is written is what was read`(text: String) throws {
        let value = try JSONCoding.parse(Array(text.utf8))
        #expect(String(decoding: JSONCoding.text(value, pretty: false), as: UTF8.self) == text)
    }

    @Test(arguments: [
        (#"{"a":1,"a":2}"#, "line 1, column 8: the key \"a\" stands twice"),
        (#"{"a":1,"\u0061":2}"#, "stands twice"),
        ("{\n  \"a\": tru\n}", "line 2, column 11: expected 'true'"),
        ("[1,]", "line 1, column 4: expected a value, found ']'"),
        ("{,}", "expected a key in quotes"),
        ("01", "something follows"), ("1.", "expected a digit"), ("+1", "expected a value"), (".5", "expected a value"),
        ("", "there is no value"), ("{}{}", "something follows"), ("\"a", "ends inside a string"),
        ("\"\u{1}\"", "control character"), (#""\ud800""#, "surrogate"), (#""\ud800\u0041""#, "surrogate"),
        (#""\x""#, "unknown escape"), ("{\"a\" 1}", "expected ':'"), ("[1 2]", "expected ',' or ']'"),
        ("\u{FEFF}{}", "byte order mark"), ("nul", "found the end"), (#""\u12"#, "hexadecimal"),
        ("// x\n1", "found '/'"),
    ])
    func `what is no strict JSON is refused with its place`(text: String, message: String) {
        let error = #expect(throws: ConfigError.self) { try JSONCoding.parse(Array(text.utf8)) }
        #expect(error?.code == .invalidJSON)
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        #expect(throws: ConfigError.self) { try JSONCoding.parse([0x22, 0xC3, 0x28, 0x22]) }
    }

    @Test func `a megabyte of brackets is an error, not a crash`() {
        let text = [UInt8](repeating: UInt8(ascii: "["), count: 1 << 20)
        let error = #expect(throws: ConfigError.self) { try JSONCoding.parse(text) }
        #expect(error?.message.contains("nested deeper") == true)
    }

    @Test func `output is sorted, indented, with slashes as they are`() throws {
        let value: JSONValue = ["b": ["/x/y", [:], []], "a": ["c": 1]]
        let text = """
            {
                "a": {
                    "c": 1
                },
                "b": [
                    "/x/y",
                    {},
                    []
                ]
            }

            """
        #expect(String(decoding: JSONCoding.text(value), as: UTF8.self) == text)
    }

    @Test func `any Codable type goes through`() throws {
        struct Inner: Codable, Equatable {
            var list: [Int?]
            var number: Double
        }
        struct Outer: Codable, Equatable {
            var inner: [String: Inner]
            var big: UInt64
            var absent: String?
        }
        let value = Outer(inner: ["x": Inner(list: [1, nil, 3], number: 0.5)], big: .max, absent: nil)
        let text = try JSONCoding.encode(value, pretty: false)
        #expect(
            String(decoding: text, as: UTF8.self)
                == #"{"big":18446744073709551615,"inner":{"x":{"list":[1,null,3],"number":0.5}}}"#)
        #expect(try JSONCoding.decode(Outer.self, from: text) == value)
        let error = #expect(throws: ConfigError.self) {
            try JSONCoding.decode(Outer.self, from: Array(#"{"big":1,"inner":{"x":{"list":["a"]}}}"#.utf8))
        }
        #expect(
            error?.message
                == "inner.x.list[0]: expected an integer from -9223372036854775808 to 9223372036854775807, found a string"
        )
    }
}
