extension ValidationRule {
    static let annotationKey = ValidationRule(
        "annotation-key", "config.md, Annotations",
        "No annotation has an empty key."
    ) { config, report in
        for (key, annotation) in config["annotations"].members where key.isEmpty {
            report(annotation, "the key of an annotation must not be empty")
        }
    }
}
