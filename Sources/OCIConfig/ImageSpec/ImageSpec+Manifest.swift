extension ImageSpec {
    /// Where content is and what it is.
    ///
    /// Source: image-spec descriptor.md, Properties.
    public struct Descriptor: SpecObject {
        /// The content's type.
        public var mediaType: String?
        /// The content's digest.
        public var digest: String?
        /// The content's size in bytes.
        public var size: Int64?
        /// From where it can be downloaded.
        public var urls: [String]?
        /// Metadata.
        public var annotations: [String: String]?
        /// The content itself, in base64.
        public var data: String?
        /// The type of an artifact.
        public var artifactType: String?
        /// The platform of the image.
        public var platform: Platform?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "image-spec descriptor.md, Properties"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("mediaType", \.mediaType, .required),
            SpecField("digest", \.digest, .required),
            SpecField("size", \.size, .required),
            SpecField("urls", \.urls),
            SpecField("annotations", \.annotations),
            SpecField("data", \.data),
            SpecField("artifactType", \.artifactType),
            SpecField("platform", \.platform),
        ]
    }
}

extension ImageSpec {
    /// The platform that an image runs on.
    ///
    /// Source: image-spec image-index.md, Image Index Property Descriptions.
    public struct Platform: SpecObject {
        /// The CPU architecture, as Go names it.
        public var architecture: String?
        /// The operating system, as Go names it.
        public var os: String?
        /// The version of the operating system.
        public var osVersion: String?
        /// Features of the operating system that it needs.
        public var osFeatures: [String]?
        /// The variant of the architecture.
        public var variant: String?
        /// Reserved.
        public var features: [String]?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "image-spec image-index.md, Image Index Property Descriptions"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("architecture", \.architecture, .required),
            SpecField("os", \.os, .required),
            SpecField("os.version", \.osVersion),
            SpecField("os.features", \.osFeatures),
            SpecField("variant", \.variant),
            SpecField("features", \.features),
        ]
    }
}

extension ImageSpec {
    /// The configuration and layers of an image for one platform.
    ///
    /// Source: image-spec manifest.md, Image Manifest Property Descriptions.
    public struct Manifest: SpecObject {
        /// 2.
        public var schemaVersion: Int64?
        /// The manifest's own type.
        public var mediaType: String?
        /// The type of an artifact.
        public var artifactType: String?
        /// The configuration.
        public var config: Descriptor?
        /// The layers, the lowest first.
        public var layers: [Descriptor]?
        /// The manifest that this one is about.
        public var subject: Descriptor?
        /// Metadata.
        public var annotations: [String: String]?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "image-spec manifest.md, Image Manifest Property Descriptions"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("schemaVersion", \.schemaVersion, .required),
            SpecField("mediaType", \.mediaType),
            SpecField("artifactType", \.artifactType),
            SpecField("config", \.config, .required),
            SpecField("layers", \.layers, .required),
            SpecField("subject", \.subject),
            SpecField("annotations", \.annotations),
        ]
    }
}

extension ImageSpec {
    /// The images of several platforms.
    ///
    /// Source: image-spec image-index.md, Image Index Property Descriptions.
    public struct Index: SpecObject {
        /// 2.
        public var schemaVersion: Int64?
        /// The index's own type.
        public var mediaType: String?
        /// The type of an artifact.
        public var artifactType: String?
        /// The manifests.
        public var manifests: [Descriptor]?
        /// The manifest that this one is about.
        public var subject: Descriptor?
        /// Metadata.
        public var annotations: [String: String]?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "image-spec image-index.md, Image Index Property Descriptions"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("schemaVersion", \.schemaVersion, .required),
            SpecField("mediaType", \.mediaType),
            SpecField("artifactType", \.artifactType),
            SpecField("manifests", \.manifests, .required),
            SpecField("subject", \.subject),
            SpecField("annotations", \.annotations),
        ]
    }
}

extension ImageSpec {
    /// The file `oci-layout`.
    ///
    /// Source: image-spec image-layout.md, oci-layout file.
    public struct Layout: SpecObject {
        /// The version of the layout.
        public var imageLayoutVersion: String?
        /// Members that the specification does not know, and explicit nulls.
        public var extra: [String: JSONValue] = [:]

        /// An object without members.
        public init() {}

        /// Where the specification describes it.
        public static let section = "image-spec image-layout.md, oci-layout file"

        /// Every member that the specification knows.
        public static let fields: [SpecField<Self>] = [
            SpecField("imageLayoutVersion", \.imageLayoutVersion, .required)
        ]
    }
}
