import LinuxSystem
import Testing

@Suite struct MountPointsTests {
    @Test func readsNamesWithSpaces() {
        let mountinfo = """
            22 27 0:21 / /proc rw shared:5 - proc proc rw
            99 27 0:44 / /a\\040b/c\\134d rw - tmpfs none rw
            """
        #expect(MountPoints.all(mountinfo) == ["/proc", "/a b/c\\d"])
    }

    @Test func seesWhatIsMountedHere() {
        #expect(MountPoints.below("/proc").contains("/proc"))
        #expect(MountPoints.below("/pro").isEmpty)
    }
}
