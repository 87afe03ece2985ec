//! The JSON Schema of `pilothouse.yaml`, for editors.

use crate::raw::RawWorkspace;

/// The schema as it is kept in `src-tauri/schema/` and beside the example: pretty JSON with a line
/// end.
pub fn pilothouse() -> Result<String, serde_json::Error> {
    let schema = schemars::schema_for!(RawWorkspace);
    Ok(serde_json::to_string_pretty(&schema)? + "\n")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    /// `PILOTHOUSE_BLESS=1 cargo test -p workspace` writes the files anew.
    #[test]
    fn the_kept_schemas_are_those_of_the_types() {
        let schema = pilothouse().unwrap();
        for kept in [
            "schema/pilothouse.schema.json",
            "example/pilothouse.schema.json",
        ] {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../..")
                .join(kept);
            if std::env::var_os("PILOTHOUSE_BLESS").is_some() {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, &schema).unwrap();
            }
            let found = std::fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(
                found, schema,
                "{kept} is out of date; set PILOTHOUSE_BLESS=1 to write it"
            );
        }
    }
}
