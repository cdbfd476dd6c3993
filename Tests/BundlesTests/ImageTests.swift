import Glibc
import LinuxSystem
import OCIConfig
import TestSupport
import Testing

@testable import Bundles

@Suite("Images", .requiresRoot)
struct ImageTests {
    private static func layer(_ text: String) -> [UInt8] { TarBuilder.archive([.init("which", "0", text)]) }

    /// Creates a bundle and returns what the image's file `which` says, or what went wrong.
    private static func which(
        _ builder: ImageBuilder, _ source: String, platform: String? = nil
    ) async throws -> Result<String, BundleError> {
        let containers = ContainersFolder(option: "\(builder.folder.path)/containers")
        do {
            let bundle = try await OCIBundle.create(
                BundleName("b\(UInt32.random(in: 0 ... .max))"), in: containers, from: ImageSource(source),
                platform: platform.map { try ImagePlatform($0) })
            return .success(Files.text(of: "\(bundle.rootfsPath)/which") ?? "")
        } catch let error as BundleError {
            return .failure(error)
        }
    }

    private static func text(_ result: Result<String, BundleError>) -> String {
        switch result {
        case .success(let text): text
        case .failure(let error): "\(error.code.rawValue): \(error)"
        }
    }

    @Test("by tag, by digest, by platform; refused with the list where that leaves a choice")
    func selection() async throws {
        let builder = try await ImageBuilder()
        let amd = try await builder.image([Self.layer("amd")])
        let arm = try await builder.image([Self.layer("arm")], platform: "linux/arm64")
        let other = try await builder.image([Self.layer("other")])
        let nested = try await builder.index([
            ImageBuilder.entry(amd, platform: "linux/amd64"), ImageBuilder.entry(arm, platform: "linux/arm64/v8"),
            ImageBuilder.entry(other, platform: "unknown/unknown"),
        ])
        builder.list(try await builder.index([ImageBuilder.entry(nested)]), tag: "multi")
        builder.list(other, tag: "with:colon/and@sign")
        try builder.finish()
        let oci = "oci:\(builder.path)"
        #expect(try await Self.text(Self.which(builder, "\(oci):multi", platform: "linux/amd64")) == "amd")
        #expect(try await Self.text(Self.which(builder, "\(oci):multi", platform: "arm64")) == "arm")
        #expect(try await Self.text(Self.which(builder, "\(oci):with:colon/and@sign")) == "other")
        let digest = arm["digest"]?.text ?? ""
        #expect(try await Self.text(Self.which(builder, "\(oci)@\(digest)")) == "arm")
        for (source, platform, hint) in [
            (oci, nil, "with:colon"), ("\(oci):none", nil, "multi"), ("\(oci):multi", "linux/s390x", "linux/arm64"),
            ("\(oci):with:colon/and@sign", "linux/arm64", "linux/amd64"),
        ] {
            let failure = Self.text(try await Self.which(builder, source, platform: platform))
            #expect(failure.hasPrefix("notFound") && failure.contains(hint), "\(failure)")
        }
    }

    @Test("one image without a name needs none; one for another machine is refused with what there is")
    func single() async throws {
        let builder = try await ImageBuilder()
        builder.list(try await builder.image([Self.layer("x")]))
        try builder.finish()
        #expect(try await Self.text(Self.which(builder, "oci:\(builder.path)")) == "x")
        #expect(try await Self.text(Self.which(builder, builder.path)) == "x", "a bare path is recognised")

        let foreign = try await ImageBuilder()
        foreign.list(try await foreign.image([Self.layer("x")], platform: "linux/s390x"), platform: "linux/s390x")
        try foreign.finish()
        #expect(Self.text(try await Self.which(foreign, foreign.path)).contains("linux/s390x"))
    }

    @Test("two with no platform are refused; two for two platforms are not")
    func top() async throws {
        let builder = try await ImageBuilder()
        let (one, two) = (try await builder.image([Self.layer("1")]), try await builder.image([Self.layer("2")]))
        builder.list(one)
        builder.list(two)
        try builder.finish()
        #expect(Self.text(try await Self.which(builder, builder.path)).hasPrefix("notFound"))
        builder.manifests = []
        builder.list(one, platform: "linux/s390x")
        builder.list(two, platform: ImagePlatform.host.description)
        try builder.finish()
        #expect(try await Self.text(Self.which(builder, builder.path)) == "2")
    }

    @Test(
        "the same from an archive, compressed or not, and by its content alone", arguments: ["cat", "gzip", "zstd -q"])
    func archives(compress: String) async throws {
        let builder = try await ImageBuilder()
        builder.list(try await builder.image([Self.layer("x"), TarBuilder.archive([.init("y")])]), tag: "one")
        try builder.finish()
        try await Tool.shell("tar -cf - -C image . | \(compress) >archive", in: builder.folder.path)
        let archive = "\(builder.folder.path)/archive"
        #expect(try await Self.text(Self.which(builder, "oci-archive:\(archive):one")) == "x")
        #expect(try await Self.text(Self.which(builder, "oci-archive:\(archive)")) == "x")
        #expect(try await Self.text(Self.which(builder, archive)) == "x")
    }

    @Test("docker archives, classic: several images, layers that are links to others'")
    func classicDocker() async throws {
        let builder = try await ImageBuilder()
        let path = builder.folder.path
        let (one, two) = (String(repeating: "1", count: 64), String(repeating: "2", count: 64))
        try await Tool.shell("mkdir -p save/\(one) save/\(two)", in: path)
        let layer = Self.layer("one")
        try builder.folder.write(layer, to: "save/\(one)/layer.tar")
        for (name, platform) in [("one", "amd64"), ("two", "s390x")] {
            let id = Digest.of(layer).description
            let config = Array(
                "{\"os\":\"linux\",\"architecture\":\"\(platform)\",\"config\":{\"Cmd\":[\"\(name)\"]},\"rootfs\":{\"diff_ids\":[\"\(id)\"]}}"
                    .utf8)
            try builder.folder.write(config, to: "save/\(name).json")
        }
        try await Tool.shell("ln -s ../\(one)/layer.tar save/\(two)/layer.tar", in: path)
        let manifest = """
            [{"Config":"one.json","RepoTags":["img:latest"],"Layers":["\(one)/layer.tar"]},
             {"Config":"two.json","RepoTags":["localhost:5000/img:two"],"Layers":["\(two)/layer.tar"]}]
            """
        try builder.folder.write(Array(manifest.utf8), to: "save/manifest.json")
        try await Tool.shell("tar -cf saved -C save \(one) \(two) one.json two.json manifest.json", in: path)
        let source = "docker-archive:\(path)/saved"
        #expect(try await Self.text(Self.which(builder, "\(source):img")) == "one")
        #expect(try await Self.text(Self.which(builder, "\(source):docker.io/library/img:latest")) == "one")
        #expect(try await Self.text(Self.which(builder, "\(source):localhost:5000/img:two")) == "one")
        #expect(try await Self.text(Self.which(builder, source, platform: "amd64")) == "one", "the platform picks")
        #expect(try await Self.text(Self.which(builder, "\(path)/saved", platform: "s390x")) == "one")
        let failure = Self.text(try await Self.which(builder, "\(source):other"))
        #expect(failure.contains("img:latest") && failure.contains("localhost:5000/img:two"))
        #expect(Self.text(try await Self.which(builder, source, platform: "arm64")).hasPrefix("notFound"))
    }

    @Test("the configuration: command, user, directory, environment, annotations; flags have the last word")
    func config() async throws {
        let builder = try await ImageBuilder()
        let passwd = TarBuilder.archive([
            .init("etc/passwd", "0", "web:x:33:44::/home/web:/bin/sh\n"), .init("etc/group", "0", "extra:x:55:web\n"),
        ])
        builder.list(
            try await builder.image(
                [passwd],
                config: [
                    "Entrypoint": ["/entry"], "Cmd": ["a", "b"], "User": "web", "WorkingDir": "/work",
                    "Env": ["A=1", "B=2"],
                    "Labels": ["label": "value"], "StopSignal": "SIGUSR1",
                ]))
        try builder.finish()
        let containers = ContainersFolder(option: "\(builder.folder.path)/containers")
        let bundle = try await OCIBundle.create(
            BundleName("one"), in: containers, from: ImageSource(builder.path),
            edits: ConfigEdits([.environment(name: "B", value: "3")]))
        let spec = try RuntimeSpec(parsing: bundle.readConfig())
        #expect(spec.process?.args == ["/entry", "a", "b"])
        #expect(spec.process?.cwd == "/work")
        #expect(spec.process?.user?.uid == 33 && spec.process?.user?.gid == 44)
        #expect(spec.process?.user?.additionalGids == [55])
        let environment = Set(spec.process?.env ?? [])
        #expect(environment.isSuperset(of: ["A=1", "B=3", "HOME=/home/web"]))
        #expect(spec.annotations?["label"] == "value")
        #expect(spec.annotations?["org.opencontainers.image.stopSignal"] == "SIGUSR1")
    }

    @Test("no command in the image is no error, and none in the configuration")
    func noCommand() async throws {
        let builder = try await ImageBuilder()
        builder.list(try await builder.image([Self.layer("x")]))
        try builder.finish()
        let bundle = try await OCIBundle.create(
            BundleName("one"), in: ContainersFolder(option: "\(builder.folder.path)/c"), from: ImageSource(builder.path)
        )
        #expect(try RuntimeSpec(parsing: bundle.readConfig()).process?.args == nil)
    }

    static let broken: [(String, @Sendable (inout [String: JSONValue], inout [String: JSONValue]) -> Void)] = [
        ("fewer diff_ids than layers", { config, _ in config["rootfs"] = ["type": "layers", "diff_ids": []] }),
        ("a manifest that is an index too", { _, manifest in manifest["manifests"] = [] }),
        (
            "a manifest that calls itself an index",
            { _, manifest in manifest["mediaType"] = .string(ImageBuilder.indexType) }
        ),
        (
            "a negative size",
            { _, manifest in
                manifest["layers"] = [
                    [
                        "mediaType": .string(ImageBuilder.layerType),
                        "digest": .string("sha256:" + String(repeating: "a", count: 64)), "size": -1,
                    ]
                ]
            }
        ),
        (
            "a digest that is a path",
            { _, manifest in
                manifest["layers"] = [
                    [
                        "mediaType": .string(ImageBuilder.layerType), "digest": "sha256:../../../../etc/passwd",
                        "size": 1,
                    ]
                ]
            }
        ),
        (
            "a layer that is not there",
            { _, manifest in
                manifest["layers"] = [
                    [
                        "mediaType": .string(ImageBuilder.layerType),
                        "digest": .string("sha256:" + String(repeating: "a", count: 64)), "size": 1,
                    ]
                ]
            }
        ),
        (
            "an artifact",
            { _, manifest in
                manifest["config"] = [
                    "mediaType": "application/vnd.example+json",
                    "digest": .string("sha256:" + String(repeating: "a", count: 64)), "size": 1,
                ]
            }
        ),
        (
            "a diff_id that is not the layer's",
            { config, _ in
                config["rootfs"] = [
                    "type": "layers", "diff_ids": [.string("sha256:" + String(repeating: "a", count: 64))],
                ]
            }
        ),
    ]

    @Test("what does not fit together is refused, and nothing is left", arguments: broken.indices)
    func brokenImages(number: Int) async throws {
        let builder = try await ImageBuilder()
        builder.list(try await builder.image([Self.layer("x")], change: Self.broken[number].1))
        try builder.finish()
        let failure = Self.text(try await Self.which(builder, builder.path))
        #expect(failure.hasPrefix("badImage"), "\(Self.broken[number].0): \(failure)")
        #expect(!Files.exists("\(builder.folder.path)/containers"))
    }

    @Test("a blob that was altered on disk")
    func altered() async throws {
        let builder = try await ImageBuilder()
        builder.list(try await builder.image([Self.layer("x")]))
        try builder.finish()
        for file in try await Tool.shell("ls image/blobs/sha256", in: builder.folder.path).split(separator: "\n") {
            try await Tool.shell(
                "cp -r image other; printf 'X' | dd of=other/blobs/sha256/\(file) bs=1 seek=1 conv=notrunc status=none",
                in: builder.folder.path)
            let failure = Self.text(try await Self.which(builder, "\(builder.folder.path)/other"))
            #expect(failure.hasPrefix("bad"), "\(failure)")
            try await Tool.shell("rm -r other", in: builder.folder.path)
        }
    }

    @Test("the same tree as umoci's, from an image that umoci made", .requires(tool: "umoci"))
    func umoci() async throws {
        let folder = try TemporaryFolder()
        try await Tool.shell(
            """
            (\(UnpackTests.makeTree)); tar --format=pax --xattrs --xattrs-include='*' -cf one.tar -C tree .
            mkdir -p two/etc two/readonly two/empty two/sticky; touch two/etc/.wh.one two/empty/.wh..wh..opq
            echo new >two/readonly/new; chmod 0500 two/readonly; echo z >two/empty/z; touch -d @7 two/etc two/empty
            tar -cf two.tar -C two .
            umoci init --layout image; umoci new --image image:x
            umoci raw add-layer --image image:x one.tar; umoci raw add-layer --image image:x two.tar
            umoci unpack --image image:x theirs
            """, in: folder.path)
        let ours = try await OCIBundle.create(
            BundleName("ours"), in: ContainersFolder(option: folder.path),
            from: ImageSource("oci:\(folder.path)/image:x"))
        #expect(try await TreeListing.of(ours.rootfsPath) == TreeListing.of("\(folder.path)/theirs/rootfs"))
    }
}
