//! Plays the example release in the real window and leaves what came of it in `target/demo`.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    return linux::main();
    #[cfg(not(target_os = "linux"))]
    {
        eprintln!("the demo needs a virtual display, which only Linux has");
        ExitCode::FAILURE
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::path::Path;
    use std::process::ExitCode;

    use acceptance::desktop::{Desktop, Parts};
    use acceptance::folders;
    use acceptance::play::{Album, Play, copy_ledger, example};
    use acceptance::window::{Window, WindowFailure};

    #[tokio::main(flavor = "current_thread")]
    pub async fn main() -> ExitCode {
        let folder = folders::target().join("demo");
        match demo(&folder).await {
            Ok(()) => {
                println!("\nthe release passed; see {}", folder.display());
                ExitCode::SUCCESS
            }
            Err(failure) => {
                eprintln!("\nthe demo failed: {failure}");
                ExitCode::FAILURE
            }
        }
    }

    async fn demo(folder: &Path) -> Result<(), WindowFailure> {
        let album = Album::new(folder)?;
        for stale in ["record.csv", "record.jsonl", "ledger.sqlite", "summary.txt"] {
            // Most often it is not there.
            let _ = std::fs::remove_file(folder.join(stale));
        }
        let desktop = Desktop::with(Parts::PLAIN).await?;
        let data_folder = desktop.folder().join("program");
        let window = Window::open(&desktop, &data_folder, &folder.join("failure")).await?;
        let mut play = Play::with_album(window, album);
        let played = play_all(&mut play, folder).await;
        let shown = desktop
            .notifications()
            .map(|daemon| daemon.shown())
            .unwrap_or_default();
        play.say(&format!("the desktop showed {} notifications", shown.len()));
        let verdict = match &played {
            Ok(()) => "passed".to_owned(),
            Err(failure) => format!("failed: {failure}"),
        };
        play.say(&format!("the example release {verdict}"));
        let mut summary = play.told().join("\n");
        for one in shown {
            summary.push_str(&format!(
                "\nnotification: {} | {}",
                one.summary,
                one.body.replace('\n', " | ")
            ));
        }
        let write = |source| WindowFailure::Write {
            path: folder.join("summary.txt"),
            source,
        };
        std::fs::write(folder.join("summary.txt"), summary + "\n").map_err(write)?;
        // The program ends first: a copy of an open ledger could miss its newest entries.
        let closed = play.into_window().close().await;
        let copy = |source| WindowFailure::Write {
            path: folder.join("ledger.sqlite"),
            source,
        };
        copy_ledger(&data_folder, &folder.join("ledger.sqlite")).map_err(copy)?;
        played.and(closed)
    }

    async fn play_all(play: &mut Play, folder: &Path) -> Result<(), WindowFailure> {
        play.whole_release().await?;
        play.upgrade_record().await?;
        let last = &example::STOPS[example::STOPS.len() - 1];
        for place in last.environments {
            play.roll_back(place).await?;
        }
        play.export_audit(folder).await
    }
}
