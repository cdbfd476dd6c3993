extension ValidationRule {
    static let rdma = ValidationRule(
        "rdma", "config-linux.md, RDMA",
        "An entry of `rdma` has `hcaHandles` or `hcaObjects`."
    ) { config, report in
        for (_, device) in config["linux"]["resources"]["rdma"].members where device.value?.members != nil {
            if !device["hcaHandles"].exists, !device["hcaObjects"].exists {
                report(device["hcaHandles"], "hcaHandles or hcaObjects is required")
            }
        }
    }
}
