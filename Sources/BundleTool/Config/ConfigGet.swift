import ArgumentParser
import OCIConfig

/// `bundletool config get`.
struct ConfigGet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Print a value of a configuration: a string as it is, a list of strings a line each, else JSON.")

    @Argument(help: "The bundle's name or path, or - for stdin.")
    var bundle: String

    @Argument(help: "What to print, as process.args or mounts[0]; everything without it.")
    var path: String?

    @Flag(name: .customLong("json"), help: "Prints JSON always.")
    var json = false

    @OptionGroup var containers: ContainersOption

    func run() throws {
        let location = ConfigLocation(bundle, containers: containers.path)
        let value: JSONValue
        do {
            value = try JSONCoding.parse(location.read()).value(at: path ?? "")
        } catch let error as ConfigError {
            throw Failure("\(location.name): \(error)")
        }
        try StandardStreams.write(json ? JSONCoding.text(value) : Self.plain(value))
    }

    private static func plain(_ value: JSONValue) -> [UInt8] {
        switch value {
        case .string(let text): return Array("\(text)\n".utf8)
        case .array(let elements) where elements.allSatisfy { $0.text != nil && $0.text?.contains("\n") == false }:
            return Array(elements.map { "\($0.text ?? "")\n" }.joined().utf8)
        default: return JSONCoding.text(value)
        }
    }
}
