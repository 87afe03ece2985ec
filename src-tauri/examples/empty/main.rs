//! A window with nothing in it: what every program of this kind pays before it can show anything.
//! `cargo xtask bench start` measures Pilothouse beside it.

fn main() {
    let context = tauri::generate_context!("examples/empty/tauri.conf.json");
    if let Err(error) = tauri::Builder::default().run(context) {
        eprintln!("the empty window could not be opened: {error}");
        std::process::exit(1);
    }
}
