public import OCIConfig

extension OCIBundle {
    /// The configuration.
    /// - Throws: `BundleError` where it cannot be read or is no runtime configuration.
    public func spec() throws -> RuntimeSpec {
        do {
            return try RuntimeSpec(parsing: readConfig())
        } catch {
            throw BundleError.wrap(error, "cannot use \(configPath)")
        }
    }

    /// The path of the bundle that this one is a clone of, or nil.
    public func origin() throws -> String? {
        try spec().annotations?[Self.originAnnotation]
    }
}
