//! Takes a picture of every screen, in Chinese and light, with English and dark samples.

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

    use acceptance::desktop::Desktop;
    use acceptance::folders;
    use acceptance::play::example::{MODULES, STOPS};
    use acceptance::play::{Album, Play};
    use acceptance::window::{Window, WindowFailure};

    #[tokio::main(flavor = "current_thread")]
    pub async fn main() -> ExitCode {
        let folder = folders::target().join("pictures");
        match pictures(&folder).await {
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

    /// The first stage, and the second up to the middle of its rollout: every screen has been there.
    async fn pictures(folder: &Path) -> Result<(), WindowFailure> {
        let album = Album::new(folder)?.with_looks();
        let desktop = Desktop::start().await?;
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
        play.upgrade_record().await
    }
}
