extension ValidationRule {
    static let memoryPolicy = ValidationRule(
        "memory-policy", "config-linux.md, Memory policy",
        "`nodes` is a list such as `0-3,7`, and there where the mode needs it."
    ) { config, report in
        let policy = config["linux"]["memoryPolicy"]
        let nodes = policy["nodes"]
        if let text = nodes.text, !text.isEmpty, !NumberList.isValid(text) {
            report(nodes, "'\(text)' is no list such as 0-3,7")
        }
        let isEmpty = nodes.text ?? "" == ""
        switch policy["mode"].text {
        case "MPOL_DEFAULT", "MPOL_LOCAL": if !isEmpty { report(nodes, "\(policy["mode"].text ?? "") has no nodes") }
        case "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE", "MPOL_PREFERRED_MANY":
            if isEmpty { report(nodes, "\(policy["mode"].text ?? "") needs at least one node") }
        default: break
        }
    }
}
