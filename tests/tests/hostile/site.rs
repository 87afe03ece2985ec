//! A workspace and a cluster that somebody filled with hostile text wherever text may stand.

use std::path::{Path, PathBuf};

use serde_json::Value;

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/example")
}

/// A copy of the example workspace with another `pilothouse.yaml`. JSON is YAML, too.
pub fn copy_example(to: &Path, change: impl FnOnce(&mut Value)) {
    copy(&example(), to);
    let file = to.join("pilothouse.yaml");
    let mut yaml = value(&file);
    change(&mut yaml);
    write(&file, &yaml);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn value(file: &Path) -> Value {
    serde_saphyr::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// Escaped as far as YAML understands it: JSON's escapes are a part of YAML's, and what YAML does
/// not print has one.
fn write(file: &Path, content: &Value) {
    let plain = serde_json::to_string(content).unwrap();
    let escaped: String = plain
        .chars()
        .map(|c| match u32::from(c) {
            0x20..=0x7e => c.to_string(),
            code @ 0..=0xffff => format!("\\u{code:04x}"),
            code => format!("\\U{code:08x}"),
        })
        .collect();
    std::fs::write(file, escaped).unwrap();
}
