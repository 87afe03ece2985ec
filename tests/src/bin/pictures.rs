//! Takes a picture of every screen, in Chinese and light, with English and dark samples; then those
//! of sizes that break screens, of a ledger that was tampered with, and of a bad day on a real cluster.
//! `pictures example`, `sizes`, `tampered` and `bad-day` take only those.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    return linux::main();
    #[cfg(not(target_os = "linux"))]
    {
        eprintln!("pictures need a virtual display, which only Linux has");
        ExitCode::FAILURE
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::path::Path;
    use std::process::ExitCode;

    use acceptance::desktop::{Desktop, Parts};
    use acceptance::folders;
    use acceptance::play::bad_day::BadDay;
    use acceptance::play::example::{MODULES, STOPS};
    use acceptance::play::large::{ENTRIES, Large, long_ledger};
    use acceptance::play::tampered::tamper;
    use acceptance::play::{Album, Play};
    use acceptance::window::Window;

    // The rehearsal cluster answers from here too, while pictures are packed.
    #[tokio::main(flavor = "multi_thread")]
    pub async fn main() -> ExitCode {
        let folder = folders::target().join("pictures");
        let only = std::env::args().nth(1);
        let taken = async {
            let wanted = |part| only.as_deref().is_none_or(|only| only == part);
            if wanted("example") {
                pictures(&folder).await?;
            }
            if wanted("sizes") {
                sizes(&folder.join("sizes")).await?;
            }
            if wanted("tampered") {
                tampered(&folder.join("tampered")).await?;
            }
            if wanted("bad-day") {
                bad_day(&folder.join("bad-day")).await?;
            }
            Ok::<_, Box<dyn std::error::Error>>(())
        };
        match taken.await {
            Ok(()) => {
                println!("\nsee {}", folder.display());
                ExitCode::SUCCESS
            }
            Err(failure) => {
                eprintln!("\nnot all pictures were taken: {failure}");
                ExitCode::FAILURE
            }
        }
    }

    /// An audit log that somebody has tampered with, while the program runs and at its next start.
    async fn tampered(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
        let desktop = Desktop::with(Parts::PLAIN).await?;
        let data_folder = desktop.folder().join("program");
        let evidence = folder.join("failure");
        let window = Window::open(&desktop, &data_folder, &evidence).await?;
        let album = Album::new(&folder.join("running"))?.with_looks();
        let mut play = Play::with_album(window, album);
        play.first_start().await?;
        tamper(&data_folder, 12).await?;
        play.find_tampering().await?;
        play.into_window().close().await?;
        let window = Window::open(&desktop, &data_folder, &evidence).await?;
        let album = Album::new(&folder.join("start"))?.with_looks();
        Ok(Play::with_album(window, album).start_on_tampered().await?)
    }

    /// The largest of everything, in the smallest window.
    async fn sizes(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
        let album = Album::new(folder)?;
        let desktop = Desktop::with(Parts::PLAIN).await?;
        let large = Large::set_up(desktop.folder()).await?;
        let data_folder = desktop.folder().join("program");
        long_ledger(&data_folder, ENTRIES).await?;
        let window = Window::open(&desktop, &data_folder, &folder.join("failure")).await?;
        let mut play = Play::with_album(window, album);
        Ok(play.large_release(&large).await?)
    }

    /// One thing after the other goes wrong on a real cluster.
    async fn bad_day(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
        if let Err(reason) = controlplane::available() {
            eprintln!("skipped: no pictures of a bad day: {reason}");
            return Ok(());
        }
        let album = Album::new(folder)?.with_looks();
        let desktop = Desktop::with(Parts::PLAIN).await?;
        let day = BadDay::set_up(desktop.folder()).await?;
        let window = Window::open(&desktop, &day.data_folder(), &folder.join("failure")).await?;
        let mut play = Play::with_album(window, album);
        let taken = play.bad_day(&day).await;
        let closed = play.into_window().close().await;
        day.end().await;
        taken?;
        Ok(closed?)
    }

    /// The first stage, and the second up to the middle of its rollout: every screen has been there.
    async fn pictures(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
        let album = Album::new(folder)?.with_looks();
        let desktop = Desktop::with(Parts::PLAIN).await?;
        let window = Window::open(
            &desktop,
            &desktop.folder().join("program"),
            &folder.join("failure"),
        )
        .await?;
        let mut play = Play::with_album(window, album);
        play.first_start().await?;
        play.create_keys().await?;
        play.create_release().await?;
        let [offline, suzhou, _] = &STOPS;
        for stop in [offline, suzhou] {
            play.prepare(stop).await?;
            play.pass_gate(stop).await?;
            for place in stop.environments {
                for module in MODULES {
                    play.roll_out(place, module).await?;
                }
            }
            play.overview(&format!("overview-{}", stop.id)).await?;
            play.verify(stop).await?;
        }
        play.export_audit(&desktop.folder().join("home")).await?;
        Ok(play.upgrade_record().await?)
    }
}
