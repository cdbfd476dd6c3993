import OCIConfig

/// Command lines without flags, of commands that scripts run many times. To set up the parser takes longer than all else
/// that they do, so it is spared; what is not exactly one of these is the parser's.
enum PlainCommandLine {
    case generate(output: String?)
    case validate(bundle: String)
    case validateFile(String)

    init?(_ arguments: [String]) {
        if arguments == ["config", "generate"] {
            self = .generate(output: nil)
            return
        }
        // An option is the parser's, and so is a value that looks like one.
        guard let last = arguments.last, !last.hasPrefix("-") || last == "-" else { return nil }
        switch arguments.dropLast() {
        case ["config", "generate", "-o"], ["config", "generate", "--output"]: self = .generate(output: last)
        case ["validate"]: self = .validate(bundle: last)
        case ["validate", "--config"]: self = .validateFile(last)
        default: return nil
        }
    }

    func run() throws {
        switch self {
        case .generate(let output): try ConfigGenerate.write(RuntimeSpec.default().json, to: output)
        case .validate(let bundle): try check(ConfigLocation(bundle, containers: ContainersOption.standard))
        case .validateFile(let file): try check(ConfigLocation(file: file))
        }
    }

    private func check(_ location: ConfigLocation) throws {
        try ValidateCommand.check(location, ValidationOptions(), json: false)
    }
}
