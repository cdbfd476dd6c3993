extension ValidationRule {
    static let oomScore = ValidationRule(
        "oom-score-adj", "config.md, Linux Process",
        "`process.oomScoreAdj` is from -1000 to 1000."
    ) { config, report in
        let score = config["process"]["oomScoreAdj"]
        if let number = score.integer, !(-1000...1000).contains(number) {
            report(score, "\(number) is not from -1000 to 1000")
        }
    }
}
