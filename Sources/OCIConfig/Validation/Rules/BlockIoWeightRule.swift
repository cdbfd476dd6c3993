extension ValidationRule {
    static let blockIOWeight = ValidationRule(
        "block-io-weight", "config-linux.md, Block IO",
        "Weights are from 10 to 1000; 0 stands for none."
    ) { config, report in
        let blockIO = config["linux"]["resources"]["blockIO"]
        for node in [blockIO] + blockIO["weightDevice"].elements {
            for weight in [node["weight"], node["leafWeight"]] {
                if let number = weight.unsigned, number != 0, !(10...1000).contains(number) {
                    report(weight, "\(number) is not from 10 to 1000")
                }
            }
        }
    }
}
