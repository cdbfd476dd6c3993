import Testing

@testable import Migrate

@Suite struct RateTests {
    @Test(arguments: [
        ("100MB/s", 100e6), ("100Mbit/s", 12.5e6), ("1GiB/s", 1_073_741_824), ("12.5 MiB/s", 13_107_200),
        ("8kbit/s", 1000), ("2000B/s", 2000), ("1Tbit/s", 125e9),
    ])
    func reads(text: String, bytesPerSecond: Double) throws {
        #expect(try #require(Rate(text)).bytesPerSecond == bytesPerSecond)
    }

    @Test(arguments: [
        "", "100", "100MB", "MB/s", "100 /s", "100mb/s", "-5MB/s", "1e3MB/s", "nanMB/s", "999B/s", "0MB/s", "1.2.3MB/s",
        "100 Mb/s",
    ])
    func refuses(text: String) {
        #expect(Rate(text) == nil)
    }

    @Test(arguments: [
        (0, "0 bytes"), (999, "999 bytes"), (1000, "1 kB"), (118_296, "118.3 kB"), (999_950, "1 MB"),
        (316_507_882, "316.5 MB"),
    ])
    func printsBytes(count: Int, text: String) {
        #expect("\(ByteCount(count))" == text)
    }

    @Test(arguments: [
        ("0B", 0), ("4096B", 4096), ("64KiB", 65_536), ("10MiB", 10_485_760), ("1.5GB", 1_500_000_000),
        ("2kB", 2000), ("1TiB", 1_099_511_627_776),
    ])
    func readsSizes(text: String, bytes: Int) {
        #expect(ByteSize(text)?.bytes == bytes)
    }

    @Test(arguments: [
        "", "B", "10", "10M", "10 MB", "-1B", "1e3B", "10mb", "10Mbit", "9999999999TiB", "1.2.3MB", "infB",
    ])
    func refusesSizes(text: String) {
        #expect(ByteSize(text) == nil)
    }
}
