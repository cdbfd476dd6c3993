extension ValidationRule {
    static let mappingRange = ValidationRule(
        "mapping-range", "config-linux.md, User namespace mappings",
        "Mappings are not empty, do not overlap and end within 32 bits, or the kernel refuses them."
    ) { config, report in
        var lists = [config["linux"]["uidMappings"], config["linux"]["gidMappings"]]
        for mount in config["mounts"].elements { lists += [mount["uidMappings"], mount["gidMappings"]] }
        for list in lists {
            var ranges: [(name: String, range: Range<UInt64>)] = []
            for mapping in list.elements {
                guard let size = mapping["size"].unsigned, size <= UInt32.max else { continue }
                if size == 0 { report(mapping["size"], "must be greater than zero") }
                for name in ["containerID", "hostID"] {
                    guard let start = mapping[name].unsigned, start <= UInt32.max, size > 0 else { continue }
                    let range = start..<start + size
                    if range.upperBound > 1 << 32 { report(mapping[name], "the range ends above 4294967295") }
                    if ranges.contains(where: { $0.name == name && $0.range.overlaps(range) }) {
                        report(mapping[name], "the range overlaps an earlier one")
                    }
                    ranges.append((name, range))
                }
            }
        }
    }
}
