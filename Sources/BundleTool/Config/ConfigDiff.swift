import ArgumentParser
import OCIConfig

/// `bundletool config diff`.
struct ConfigDiff: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what differs between two configurations, by path.")

    @Argument(help: "The first bundle's name or path.")
    var first: String

    @Argument(help: "The second bundle's name or path.")
    var second: String

    @Flag(name: .customLong("json"), help: "Prints a JSON array of path, old and new.")
    var json = false

    @Flag(name: .customLong("exit-code"), help: "Exits with 1 when something differs.")
    var exitCode = false

    @OptionGroup var containers: ContainersOption

    func run() throws {
        let documents = try [first, second].map { argument in
            let location = ConfigLocation(argument, containers: containers.path)
            do {
                return try JSONCoding.parse(location.read())
            } catch let error as ConfigError {
                throw Failure("\(location.name): \(error)")
            }
        }
        let differences = ConfigDifference.between(documents[0], documents[1])
        if json {
            try StandardStreams.write(JSONCoding.encode(differences))
        } else {
            try StandardStreams.write(Array(differences.map(Self.lines).joined().utf8))
        }
        if exitCode, !differences.isEmpty { throw ExitCode(1) }
    }

    private static func lines(_ difference: ConfigDifference) -> String {
        func text(_ value: JSONValue) -> String {
            String(decoding: JSONCoding.text(value, pretty: false), as: UTF8.self)
        }
        let path = difference.path.isEmpty ? "config.json" : difference.path
        switch (difference.old, difference.new) {
        case (let old?, let new?): return "~ \(path): \(text(old)) → \(text(new))\n"
        case (let old?, nil): return "- \(path): \(text(old))\n"
        case (nil, let new?): return "+ \(path): \(text(new))\n"
        case (nil, nil): return ""
        }
    }
}
