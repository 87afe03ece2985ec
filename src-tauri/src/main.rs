//! Pilothouse, the desktop program: puts the parts together and opens the window.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod bounds;
mod chooser;
mod closing;
mod commands;
mod data;
mod desk;
#[cfg(target_os = "linux")]
mod drawing;
mod expectations;
mod failures;
mod first_paint;
mod folder;
mod front;
mod idle;
mod ipc;
mod lines;
mod logging;
mod lookouts;
mod notifier;
mod page;
mod preferences;
mod pulse;
mod redraw;
mod rehearsals;
mod seat;
mod seen;
mod sessions;
mod views;

use tauri::Manager;

fn main() {
    #[cfg(target_os = "linux")]
    drawing::settle();
    // Two TLS providers may be linked; the choice is ours, once, before anything connects.
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        eprintln!("pilothouse: another TLS provider is installed already");
    }
    let mut builder = tauri::Builder::default();
    // A second start brings the first window forward, unless it names a data folder of its own;
    // that the same folder is never open twice is the ledger's own lock.
    if !folder::is_named() {
        builder = builder.plugin(tauri_plugin_single_instance::init(|app, _, _| {
            front::bring_forward(app)
        }));
    }
    #[cfg(target_os = "macos")]
    {
        builder = builder.on_web_content_process_terminate(redraw::end_of_process);
    }
    let commands = ipc::builder().invoke_handler();
    let built = builder
        .plugin(notifier::plugin())
        .invoke_handler(move |invoke| {
            let message = &invoke.message;
            if let Some(failure) = bounds::refused(message.command(), message.payload()) {
                invoke.resolver.reject(failure);
                return true;
            }
            commands(invoke)
        })
        .setup(|app| {
            let folder = folder::data_folder(app.handle())?;
            // Before the log, which is in it. Whether it can be used is found out with the ledger, and
            // told in the window.
            if let Err(error) = folder::make(&folder) {
                eprintln!("pilothouse: {}: {error}", folder.display());
            }
            if let Some(guard) = logging::start(&folder) {
                app.manage(guard);
            }
            ipc::builder().mount_events(app);
            app.manage(desk::Desk::new(folder, app.handle().clone()));
            // The ledger is opened and verified while the page loads; a failure is told to whoever asks.
            let handle = app.handle().clone();
            tauri::async_runtime::spawn(async move {
                let _ = handle.state::<desk::Desk>().engine().await;
            });
            page::open(app)
        })
        .build(tauri::generate_context!());
    match built {
        Ok(app) => app.run(closing::on_event),
        Err(error) => {
            eprintln!("pilothouse: the window could not be opened: {error}");
            std::process::exit(1);
        }
    }
}
