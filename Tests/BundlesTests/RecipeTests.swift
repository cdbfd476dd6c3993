import LinuxSystem
import OCIConfig
import TestSupport
import Testing

@testable import Bundles

@Suite("Recipes")
struct RecipeTests {
    private static let fixtures = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" } + "/fixtures"

    @Test("what is built in is what fixtures/ has; scripts/embed-recipes.sh renews it")
    func builtin() throws {
        let pyserver = try #require(BuiltinRecipe.all["pyserver"])
        #expect(pyserver.recipe == Files.text(of: "\(Self.fixtures)/pyserver/pyserver.recipe.json"))
        #expect(pyserver.files["server.py"] == Files.text(of: "\(Self.fixtures)/pyserver/server.py"))
    }

    private static func recipe(_ text: String) throws -> Recipe {
        try Recipe(name: "test", text: Array(text.utf8), at: "test.recipe.json") { source in
            if source == "there" { return [1, 2] }
            throw SystemError(code: 2, operation: "open", subject: source)
        }
    }

    @Test("files, modes, owners and edits")
    func whole() async throws {
        let folder = try TemporaryFolder()
        let recipe = try Self.recipe(
            """
            {"from": "dir:\(folder.path)", "files": [
              {"path": "/a", "source": "there", "mode": "4755", "owner": "3:4"}, {"path": "b", "content": "text"}],
             "config": {"terminal": false, "namespaces": {"network": "host"}}}
            """)
        #expect(try await recipe.source(store: "\(folder.path)/none") == .directory(path: folder.path))
        #expect(recipe.files.map(\.path) == ["/a", "b"])
        #expect(recipe.files[0].content == [1, 2])
        #expect(recipe.files[0].mode == 0o4755)
        #expect(recipe.files[0].user == 3 && recipe.files[0].group == 4)
        #expect(recipe.files[1].content == Array("text".utf8))
        var spec = RuntimeSpec.default()
        try recipe.edits.apply(to: &spec)
        #expect(spec.linux?.namespaces?.contains { $0.type == "network" } == false)
    }

    @Test(
        "what is wrong is said",
        arguments: [
            ("{}", "from"), ("{\"from\": \"dir:/\", \"fils\": []}", "fils"), ("[", "test.recipe.json"),
            ("{\"from\": \"dir:/\", \"files\": [{\"path\": \"a\"}]}", "source"),
            ("{\"from\": \"dir:/\", \"files\": [{\"path\": \"a\", \"source\": \"not\"}]}", "not"),
            ("{\"from\": \"dir:/\", \"files\": [{\"path\": \"a\", \"content\": \"\", \"mode\": \"9\"}]}", "0755"),
            ("{\"from\": \"dir:/\", \"files\": [{\"path\": \"a\", \"content\": \"\", \"owner\": \"x\"}]}", "0:0"),
            ("{\"from\": \"dir:/\", \"config\": {\"terminl\": true}}", "terminal"),
        ])
    func wrong(text: String, hint: String) {
        let error = #expect(throws: BundleError.self) { try Self.recipe(text) }
        #expect(error?.description.contains(hint) == true, "\(error.map(\.description) ?? "")")
    }

    @Test("of several sources the first that is there; an image in the store only if this machine runs it")
    func preference() async throws {
        let builder = try await ImageBuilder()
        let path = builder.folder.path
        builder.list(try await builder.image([TarBuilder.archive([.init("which")])]), tag: "here")
        builder.list(try await builder.image([TarBuilder.archive([])], platform: "linux/s390x"), tag: "foreign")
        try builder.finish()
        let recipe = try Self.recipe(
            """
            {"from": ["store:app:1", "store:foreign", "tar:\(path)/missing.tar", "dir:\(path)"]}
            """)
        #expect(try await recipe.source(store: "\(path)/store") == .directory(path: path))
        #expect(!Files.exists("\(path)/store"), "looking makes no store")
        let store = try ImageStore("\(path)/store")
        try await store.add(
            ImageSource("oci:\(builder.path):foreign"), as: ImageName("foreign"), platform: ImagePlatform("linux/s390x")
        )
        #expect(try await recipe.source(store: store.path) == .directory(path: path))
        try await store.add(ImageSource("oci:\(builder.path):here"), as: ImageName("app:1"))
        #expect(try await recipe.source(store: store.path) == .stored(name: "app:1"))

        let nothing = try Self.recipe("{\"from\": [\"store:none\", \"tar:/nowhere\"], \"missing\": \"build it\"}")
        let error = await #expect(throws: BundleError.self) { try await nothing.source(store: store.path) }
        #expect(error?.code == .notFound)
        #expect(error?.description.contains("store:none, /nowhere); build it") == true, "\(error?.description ?? "")")
    }

    @Test("pyserver takes Python's image from the store, if it is there, else the rootfs that set-up builds")
    func pyserver() async throws {
        let builder = try await ImageBuilder()
        builder.list(try await builder.image([TarBuilder.archive([.init("usr/local/bin/python3")])]))
        try builder.finish()
        let store = try ImageStore("\(builder.folder.path)/store")
        let recipe = try Recipe.find(BundleName("pyserver"))
        let fallback = try? await recipe.source(store: store.path)
        #expect(fallback == nil || fallback?.path == "\(CacheFolder.path)/python-rootfs.tar.gz")
        try await store.add(ImageSource(builder.path), as: ImageName("python:3-slim"))
        #expect(try await recipe.source(store: store.path) == .stored(name: "python:3-slim"))
    }

    @Test("a name that is no recipe's lists those that are")
    func unknown() throws {
        let error = #expect(throws: BundleError.self) { try Recipe.find(BundleName("no-such-recipe")) }
        #expect(error?.code == .notFound)
        #expect(error?.description.contains("pyserver") == true)
    }
}
