/// The target of libFuzzer: whatever the bytes are, parsing, decoding, validating and editing them gives an answer, and
/// what can be decoded survives being written and read again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzConfig(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let text = Array(UnsafeBufferPointer(start: data, count: count))
    _ = Validator.findings(in: text, options: ValidationOptions(isStrict: true))
    if let value = try? JSONCoding.parse(text) {
        guard let again = try? JSONCoding.parse(JSONCoding.text(value)), again == value else {
            fatalError("a value changes when it is written and read")
        }
    }
    if var spec = try? RuntimeSpec(parsing: text) {
        guard let again = try? RuntimeSpec(parsing: spec.encoded()), again == spec else {
            fatalError("a configuration changes when it is written and read")
        }
        try? ConfigEdits([.namespace("pid", .host), .addCapabilities(["kill"], sets: [])]).apply(to: &spec)
    }
    if let image = try? JSONCoding.decode(ImageSpec.Image.self, from: text) {
        _ = try? image.edits(users: ContainerUsers(passwd: String(decoding: text, as: UTF8.self)))
    }
    _ = try? JSONCoding.decode(ConfigEdits.self, from: text)
    _ = try? ConfigPath(parsing: String(decoding: text, as: UTF8.self))
    return 0
}
