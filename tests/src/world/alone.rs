//! One environment with one module in a namespace of its own, so that stories one after the other can
//! share a cluster.

use std::path::Path;

use workspace::example;

/// The environment that is left of the example.
pub const ENVIRONMENT: &str = "bj-dev";
/// The module that is left.
pub const MODULE: &str = "fission-executor";
const NAMESPACE: &str = "fission-dev";

/// Leaves one stage, environment and module in a workspace, in this namespace.
pub(super) fn narrow(home: &Path, namespace: &str) {
    let file = home.join("pilothouse.yaml");
    let text = std::fs::read_to_string(&file).expect("pilothouse.yaml");
    let text = without(&text, "      - id: bj-test", "\nmodules:");
    let text = without(&text, "  - id: fission-router", "\npeople:");
    let text = without(&text, "    - text: router", "\u{0}");
    let text = text
        .replace("stages: [suzhou, beijing]", "stages: [bj-offline]")
        .replace(
            "modules: [fission-executor, fission-router, fission-agent]",
            "modules: [fission-executor]",
        )
        .replace(NAMESPACE, namespace);
    std::fs::write(&file, text).expect("pilothouse.yaml");
    for module in folders(&home.join("modules")) {
        if !module.ends_with(MODULE) {
            std::fs::remove_dir_all(&module).expect("a module");
            continue;
        }
        for environment in folders(&module) {
            if !environment.ends_with(ENVIRONMENT) {
                std::fs::remove_dir_all(&environment).expect("an environment");
                continue;
            }
            for manifest in folders(&environment) {
                let text = std::fs::read_to_string(&manifest).expect("a manifest");
                std::fs::write(&manifest, text.replace(NAMESPACE, namespace)).expect("a manifest");
            }
        }
    }
}

/// What is on the cluster before, as YAML: the namespace and the old version of the module.
pub fn before(namespace: &str) -> String {
    let all = example::before(ENVIRONMENT).expect("the old versions");
    let all: Vec<String> = all
        .split("\n---\n")
        .filter(|one| one.contains("kind: Namespace") || one.contains(MODULE))
        .map(|one| one.replace(NAMESPACE, namespace))
        .collect();
    all.join("\n---\n")
}

/// The text without what is between two marks; the second one stays. A mark that never comes is the
/// end of the text.
fn without(text: &str, from: &str, to: &str) -> String {
    let start = text.find(from).expect("the example has it");
    let end = text[start..].find(to).map_or(text.len(), |at| start + at);
    format!("{}{}", &text[..start], &text[end..])
}

fn folders(of: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(of).expect("a folder");
    entries.flatten().map(|entry| entry.path()).collect()
}

/// Replaces texts in every file below a folder; each of them has to be in one at least.
pub(super) fn rewrite(folder: &Path, edits: &[(&'static str, &'static str)]) {
    let mut left: Vec<&str> = edits.iter().map(|(from, _)| *from).collect();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let mut text = std::fs::read_to_string(&path).expect("a manifest");
            left.retain(|from| !text.contains(from));
            for (from, to) in edits {
                text = text.replace(from, to);
            }
            std::fs::write(&path, text).expect("a manifest");
        }
    }
    assert_eq!(left, Vec::<&str>::new(), "in no manifest");
}
