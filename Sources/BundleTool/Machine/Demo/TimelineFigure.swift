/// The demo's timelines as an SVG picture: one row a run, a dot for each packet, a bar for what the migration did.
struct TimelineFigure {
    let runs: [DemoRun]

    private static let left = 190.0
    private static let right = 40.0
    private static let width = 960.0
    private static let rowHeight = 74.0
    private static let top = 96.0

    var svg: String {
        let height = Self.top + Double(runs.count) * Self.rowHeight + 56
        let end = runs.compactMap { $0.packets.last?.time }.max().map { $0 + 1 } ?? 1
        var body = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.text(Self.width)) \(Self.text(height))" \
            width="\(Self.text(Self.width))" height="\(Self.text(height))" font-family="Helvetica, Arial, sans-serif">
            <rect width="100%" height="100%" fill="#ffffff"/>
            <text x="24" y="34" font-size="18" font-weight="bold" fill="#1a1a1a">What the client of a moving container sees</text>
            \(Self.legend)

            """
        body += axis(end: end, bottom: height - 44)
        for (index, run) in runs.enumerated() {
            body += row(run, y: Self.top + (Double(index) + 0.5) * Self.rowHeight, end: end)
        }
        return body + "</svg>\n"
    }

    private static let legend = """
        <circle cx="30" cy="58" r="4.5" fill="#1f6feb"/><text x="42" y="62" font-size="12" fill="#444">packet, one a second</text>
        <rect x="180" y="53" width="22" height="10" fill="#9ec5fe"/><text x="208" y="62" font-size="12" fill="#444">memory crosses, container runs</text>
        <rect x="430" y="53" width="22" height="10" fill="#d1242f"/><text x="458" y="62" font-size="12" fill="#444">silence</text>
        """

    private func axis(end: Double, bottom: Double) -> String {
        let step = end > 30 ? 5.0 : 2.0
        var lines = ""
        for tick in stride(from: 0, through: end, by: step) {
            let x = Self.text(position(tick, end))
            lines += """
                <line x1="\(x)" y1="\(Self.text(Self.top))" x2="\(x)" y2="\(Self.text(bottom))" stroke="#e5e5e5"/>
                <text x="\(x)" y="\(Self.text(bottom + 18))" font-size="11" fill="#666" text-anchor="middle">\(Int(tick)) s</text>

                """
        }
        return lines
    }

    private func row(_ run: DemoRun, y: Double, end: Double) -> String {
        let middle = Self.text(y)
        var body = """
            <text x="24" y="\(Self.text(y - 4))" font-size="13" font-weight="bold" fill="#1a1a1a">\(run.mode)</text>
            <text x="24" y="\(Self.text(y + 13))" font-size="12" fill="#666">\(run.bandwidth)</text>
            <line x1="\(Self.text(Self.left))" y1="\(middle)" x2="\(Self.text(Self.width - Self.right))" y2="\(middle)" stroke="#bbb"/>

            """
        if run.silence.start > run.migration.lowerBound, run.precopy {
            body += bar(run.migration.lowerBound, run.silence.start, y, "#9ec5fe", end)
        }
        body += bar(run.silence.start, run.silence.start + run.silence.length, y, "#d1242f", end)
        body += """
            <text x="\(Self.text(position(run.silence.start + run.silence.length / 2, end)))" y="\(Self.text(y + 26))" \
            font-size="12" fill="#d1242f" text-anchor="middle">\(Output.seconds(run.silence.length))</text>

            """
        for packet in run.packets {
            body +=
                "<circle cx=\"\(Self.text(position(packet.time, end)))\" cy=\"\(middle)\" r=\"4.5\" fill=\"#1f6feb\"/>\n"
        }
        return body
    }

    private func bar(_ start: Double, _ stop: Double, _ y: Double, _ colour: String, _ end: Double) -> String {
        let x = position(start, end)
        let width = max(position(stop, end) - x, 1.5)
        return """
            <rect x="\(Self.text(x))" y="\(Self.text(y - 8))" width="\(Self.text(width))" height="16" fill="\(colour)"/>

            """
    }

    private func position(_ seconds: Double, _ end: Double) -> Double {
        Self.left + seconds / end * (Self.width - Self.left - Self.right)
    }

    /// One decimal, as SVG wants it whatever the locale.
    private static func text(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
    }
}
