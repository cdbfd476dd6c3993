import ArgumentParser
import OCIConfig

/// The container as a whole.
struct ConfigContainerFlags: ParsableArguments {
    @Option(name: .customLong("hostname"), help: "The hostname in the container.")
    var hostname: String?

    @Option(
        name: .customLong("annotation"), help: ArgumentHelp("Sets an annotation.", valueName: "key=value"))
    var annotations: [String] = []

    @Option(name: .customLong("annotation-remove"), help: ArgumentHelp("Removes an annotation.", valueName: "key"))
    var annotationsRemove: [String] = []

    @Option(
        name: .customLong("namespace"),
        help: ArgumentHelp(
            "Where a namespace comes from: new, host, or the path of one.", valueName: "type=source"))
    var namespaces: [String] = []

    func edits() throws -> [ConfigEdit] {
        var edits: [ConfigEdit] = []
        if let hostname { edits.append(.hostname(hostname)) }
        for entry in namespaces {
            let (type, source) = try pair(entry, flag: "--namespace")
            edits.append(.namespace(type, try NamespaceSource(source)))
        }
        for key in annotationsRemove { edits.append(.annotation(key, nil)) }
        for entry in annotations {
            let (key, value) = try pair(entry, flag: "--annotation")
            edits.append(.annotation(key, value))
        }
        return edits
    }
}
