import Bundles
import Glibc
import LinuxSystem
import Synchronization

/// Shows a `Progress` on standard error: a bar on a terminal once something takes over a second, else nothing.
enum ProgressDisplay {
    /// Runs `body` and shows how far the progress that it is given is.
    static func during<Value: Sendable>(_ body: (Progress) async throws -> Value) async throws -> Value {
        let progress = Progress()
        let display = Task { await show(progress) }
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(progress))
        } catch {
            result = .failure(error)
        }
        display.cancel()
        await display.value
        return try result.get()
    }

    private static func show(_ progress: Progress) async {
        // In a file or a pipe nothing but errors and warnings belongs on standard error.
        guard isatty(STDERR_FILENO) == 1 else { return }
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(100))
            let snapshot = progress.snapshot
            guard snapshot.serial > 0, snapshot.began.duration(to: .now) > .seconds(1), !Task.isCancelled
            else { continue }
            isDrawn.withLock { drawn in
                write("\r\u{1b}[K\(line(snapshot, width: terminalWidth()))")
                drawn = true
            }
        }
        withoutBar {}
    }

    /// Whether a bar stands on the terminal's last line.
    private static let isDrawn = Mutex(false)

    /// Prints what is to stay: the bar is taken away before, and drawn again below it.
    static func withoutBar(_ body: () -> Void) {
        isDrawn.withLock { drawn in
            if drawn { write("\r\u{1b}[K") }
            drawn = false
            body()
        }
    }

    /// `unpacking x.tar.gz  [#####.....]  52%  104 MB of 200 MB, 87 MB/s`, cut to the terminal's width.
    static func line(_ snapshot: Progress.Snapshot, width: Int, at now: ContinuousClock.Instant = .now) -> String {
        let rate = "\(bytes(Int(snapshot.rate(at: now))))/s"
        let step = Console.oneLine(snapshot.step)
        var text = "\(step)  \(bytes(snapshot.bytes)), \(rate)"
        if let total = snapshot.total, total > 0 {
            let share = min(max(Double(snapshot.bytes) / Double(total), 0), 1)
            let filled = Int(share * 20)
            let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled)
            text = "\(step)  [\(bar)] \(Int(share * 100))%  \(bytes(snapshot.bytes)) of \(bytes(total)), \(rate)"
        }
        return String(text.prefix(max(width - 1, 1)))
    }

    /// `512 B`, `87 MB`, `1.2 GB`: three digits are enough, and powers of ten.
    static func bytes(_ count: Int) -> String {
        var value = Double(count)
        var unit = 0
        let units = ["B", "kB", "MB", "GB", "TB", "PB"]
        while value >= 999.5, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        if unit == 0 || value >= 99.95 { return "\(Int(value.rounded())) \(units[unit])" }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }

    private static func terminalWidth() -> Int {
        var size = winsize()
        return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    private static func write(_ text: String) {
        var text = text
        text.withUTF8 { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
