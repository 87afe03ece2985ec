//! A desktop for a test, and its turn.

use std::path::PathBuf;

use acceptance::desktop::{self, Desktop, Parts};
use acceptance::folders;
use acceptance::window::Window;
use tokio::sync::{Mutex, MutexGuard};

/// One desktop at a time.
static TURN: Mutex<()> = Mutex::const_new(());

/// The desktop of a test.
pub struct Desk {
    pub desktop: Desktop,
    evidence: PathBuf,
    _turn: MutexGuard<'static, ()>,
}

impl Desk {
    /// Sets it up; `None` where there can be none, said loudly.
    pub async fn set_up(test: &str) -> Option<Desk> {
        Desk::with(test, Parts::PLAIN).await
    }

    /// The same with parts missing.
    pub async fn with(test: &str, parts: Parts) -> Option<Desk> {
        desktop::or_skip(1)?;
        let turn = TURN.lock().await;
        Some(Desk {
            desktop: Desktop::with(parts).await.expect("the desktop"),
            evidence: folders::evidence(test),
            _turn: turn,
        })
    }

    /// Where the program keeps its data, through restarts.
    pub fn data_folder(&self) -> PathBuf {
        self.desktop.folder().join("program")
    }

    /// A window of the program.
    pub async fn window(&self) -> Window {
        self.window_with(&[]).await
    }

    /// The same with more in the program's environment.
    pub async fn window_with(&self, more: &[(String, String)]) -> Window {
        let data = self.data_folder();
        let opened = Window::open_with(&self.desktop, &data, &self.evidence, more).await;
        opened.unwrap_or_else(|failure| panic!("{failure}"))
    }
}

/// Says what went wrong in words: a failure's `Debug` hides where the evidence is.
pub trait Said<T> {
    fn said(self) -> T;
}

impl<T, E: std::fmt::Display> Said<T> for Result<T, E> {
    #[track_caller]
    fn said(self) -> T {
        self.unwrap_or_else(|failure| panic!("{failure}"))
    }
}
