//! Embeds the window's files and checks the capabilities.
fn main() {
    tauri_build::build()
}
