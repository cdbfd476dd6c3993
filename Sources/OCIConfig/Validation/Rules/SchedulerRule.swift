extension ValidationRule {
    static let scheduler = ValidationRule(
        "scheduler", "config.md, Linux Process",
        "The scheduler attributes fit its policy."
    ) { config, report in
        let scheduler = config["process"]["scheduler"]
        guard let policy = scheduler["policy"].text else { return }
        if let nice = scheduler["nice"].integer, !(-20...19).contains(nice) {
            report(scheduler["nice"], "\(nice) is not from -20 to 19")
        }
        if let priority = scheduler["priority"].integer, priority != 0 {
            if !["SCHED_FIFO", "SCHED_RR"].contains(policy) {
                report(scheduler["priority"], "\(policy) has no static priority")
            } else if !(1...99).contains(priority) {
                report(scheduler["priority"], "\(priority) is not from 1 to 99")
            }
        }
        let times = ["runtime", "deadline", "period"].map { scheduler[$0] }
        if policy != "SCHED_DEADLINE" {
            for time in times where (time.unsigned ?? 0) != 0 { report(time, "only SCHED_DEADLINE has it") }
        } else if let runtime = times[0].unsigned, let deadline = times[1].unsigned, runtime > deadline {
            report(times[0], "\(runtime) is above the deadline \(deadline)")
        }
    }
}
