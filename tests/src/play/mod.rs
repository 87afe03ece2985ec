//! The example release, played in the window as its people would: every step is a press of a
//! button or a key. Demo, pictures and tests play the same script.

mod album;
pub mod bad_day;
pub mod example;
mod eyes;
mod gate;
pub mod large;
mod people;
mod records;
mod release;
mod rollout;
mod site;
pub mod tampered;

use std::path::Path;
use std::time::{Duration, Instant};

pub use album::{Album, Look};
pub use eyes::{Eyes, SMALLEST};
pub use rollout::BACK_HOLD;

use crate::window::{Window, WindowFailure};

/// A window with somebody in front of it.
pub struct Play {
    window: Window,
    begun: Instant,
    lines: Vec<String>,
    album: Option<Album>,
    eyes: Option<Eyes>,
}

impl Play {
    /// Begins in a window that just opened.
    pub fn new(window: Window) -> Play {
        Play {
            window,
            begun: Instant::now(),
            lines: Vec::new(),
            album: None,
            eyes: None,
        }
    }

    /// Looks at every screen of which a picture could be taken.
    pub fn with_eyes(window: Window) -> Play {
        Play {
            eyes: Some(Eyes::default()),
            ..Play::new(window)
        }
    }

    /// What was seen, if somebody looked.
    pub fn eyes(&self) -> Option<&Eyes> {
        self.eyes.as_ref()
    }

    /// Keeps pictures of what is seen on the way.
    pub fn with_album(window: Window, album: Album) -> Play {
        Play {
            album: Some(album),
            ..Play::new(window)
        }
    }

    /// The window.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// Gives the window back.
    pub fn into_window(self) -> Window {
        self.window
    }

    /// What was told so far, a line a step.
    pub fn told(&self) -> &[String] {
        &self.lines
    }

    /// How long it has taken so far.
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Tells a step before it is done, so that a hang is told, too.
    pub fn say(&mut self, what: &str) {
        let line = format!("{:>7.1} s  {what}", self.begun.elapsed().as_secs_f64());
        println!("{line}");
        self.lines.push(line);
    }

    /// Plays all of it: from the first start to 北京 prod passed and the release finished.
    ///
    /// # Errors
    /// When a step cannot be done.
    pub async fn whole_release(&mut self) -> Result<(), WindowFailure> {
        self.first_start().await?;
        self.create_keys().await?;
        self.create_release().await?;
        for stop in &example::STOPS {
            self.prepare(stop).await?;
            self.pass_gate(stop).await?;
            for place in stop.environments {
                for module in example::MODULES {
                    self.roll_out(place, module).await?;
                }
            }
            self.verify(stop).await?;
        }
        self.finish().await
    }

    /// Takes a picture for the album, if there is one.
    ///
    /// # Errors
    /// When it cannot be taken or is of the wrong size.
    pub async fn picture(&mut self, name: &str) -> Result<(), WindowFailure> {
        if let Some(eyes) = &mut self.eyes {
            eyes.look(&self.window, name).await?;
        }
        match &mut self.album {
            Some(album) => album.take(&self.window, name).await,
            None => Ok(()),
        }
    }

    /// Takes a picture in other looks as well, where the album wants them, and comes back.
    ///
    /// # Errors
    /// When it cannot be taken or is of the wrong size.
    pub async fn picture_in(&mut self, name: &str, looks: &[Look]) -> Result<(), WindowFailure> {
        self.picture(name).await?;
        match &mut self.album {
            Some(album) => album.take_in(&self.window, name, looks).await,
            None => Ok(()),
        }
    }

    async fn go(&self, screen: &str, shows: &str) -> Result<(), WindowFailure> {
        self.window.press(&format!("nav-{screen}")).await?;
        self.window.wait_for(shows).await
    }
}

/// Copies the ledger's file out of a data folder once the program that wrote it has ended.
///
/// # Errors
/// When there is none, or it cannot be copied.
pub fn copy_ledger(data_folder: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::copy(data_folder.join(LEDGER), to).map(drop)
}

/// All of them.
const LOOKS: [Look; 2] = [Look::English, Look::Dark];

/// The ledger's file in the data folder.
const LEDGER: &str = "ledger.sqlite";
