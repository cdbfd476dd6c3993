extension RuntimeSpec {
    /// Reads the text of a `config.json`.
    /// - Throws: ``ConfigError`` with the place of what is no JSON, or the path of a member of the wrong type.
    public init(parsing text: [UInt8]) throws(ConfigError) {
        self = try JSONCoding.decode(RuntimeSpec.self, from: text)
    }

    /// The text of a `config.json`: keys sorted, four spaces, slashes as they are, a final newline.
    public func encoded() -> [UInt8] {
        JSONCoding.text(json)
    }
}

extension SpecObject {
    /// The object as a JSON value.
    public var json: JSONValue {
        // Every property of a specification's object has a JSON form, so encoding has no way to fail.
        do { return try JSONCoding.value(of: self) } catch { preconditionFailure("\(error)") }
    }
}
