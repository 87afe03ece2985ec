//! The real window, driven over WebDriver by real clicks and keys.

mod axe;
mod driver;
mod evidence;
mod failure;
mod keyboard;
mod looks;
mod picture;
mod verbs;
mod zoom;

use std::cell::{Cell, RefCell};
use std::fs::DirEntry;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use driver::Limits;
pub use failure::{Evidence, Unopened, WindowFailure};

use crate::desktop::{Desktop, Pixels, SIZE, until};
use crate::folders;
use driver::Driver;
use rustix::process::{Pid, Signal, kill_process};

/// The limits.
pub const LIMITS: Limits = Limits {
    open: Duration::from_secs(30),
    step: Duration::from_secs(15),
    work: Duration::from_secs(60),
    rollout: Duration::from_secs(120),
};

/// A window of the program.
pub struct Window {
    driver: Driver,
    data_folder: PathBuf,
    evidence: PathBuf,
    pixels: Pixels,
    /// Address of the desktop's session bus.
    bus: String,
    /// Width and height that it should have.
    size: Cell<(u32, u32)>,
    /// How large everything in it should be, in percent.
    zoom: Cell<u32>,
    /// Whether everything is done with the keyboard.
    keyboard: Cell<bool>,
    /// What had the focus without showing it.
    unseen: RefCell<Vec<String>>,
}

impl Window {
    /// Starts the program on a desktop with its data in `data_folder`. What a failure leaves goes
    /// into the folder `evidence`.
    ///
    /// # Errors
    /// When the program does not start, or its page does not load.
    pub async fn open(
        desktop: &Desktop,
        data_folder: &Path,
        evidence: &Path,
    ) -> Result<Window, WindowFailure> {
        Window::open_with(desktop, data_folder, evidence, &[]).await
    }

    /// The same, with more in the program's environment.
    ///
    /// # Errors
    /// When the program does not start, or its page does not load.
    pub async fn open_with(
        desktop: &Desktop,
        data_folder: &Path,
        evidence: &Path,
        more: &[(String, String)],
    ) -> Result<Window, WindowFailure> {
        Window::open_program(&folders::program(), desktop, data_folder, evidence, more).await
    }

    /// The same with another build of the program, an installed one for one.
    ///
    /// # Errors
    /// When the program does not start, or its page does not load.
    pub async fn open_program(
        program: &Path,
        desktop: &Desktop,
        data_folder: &Path,
        evidence: &Path,
        more: &[(String, String)],
    ) -> Result<Window, WindowFailure> {
        // What an earlier run left would be taken for this one's; most often there is nothing.
        let _ = std::fs::remove_dir_all(evidence);
        let driver = Driver::start(desktop, program, data_folder, more).await?;
        let window = Window {
            driver,
            data_folder: data_folder.to_owned(),
            evidence: evidence.to_owned(),
            pixels: desktop.screen().pixels().clone(),
            bus: desktop.bus().to_owned(),
            size: Cell::new(SIZE),
            zoom: Cell::new(100),
            keyboard: Cell::new(false),
            unseen: RefCell::default(),
        };
        window.wait_for("app").await?;
        Ok(window)
    }

    /// The program's data folder.
    pub fn data_folder(&self) -> &Path {
        &self.data_folder
    }

    /// Process id of the program.
    pub fn process(&self) -> Option<u32> {
        let pid = self.driver.program()?.as_raw_pid();
        u32::try_from(pid).ok()
    }

    /// Ends the program as a power cut would: it gets no chance to write anything more.
    ///
    /// # Errors
    /// When it runs no more.
    pub fn kill(self) -> Result<(), WindowFailure> {
        if self.driver.kill_program() {
            return Ok(());
        }
        Err(WindowFailure::Gone {
            said: driver::tail(self.driver.log()),
        })
    }

    /// Crashes the process that draws the page, as a graphics driver does. The driver answers nothing
    /// any more then, whatever the window does.
    ///
    /// # Errors
    /// When there is none that draws in time.
    pub async fn crash_drawing(&self) -> Result<(), WindowFailure> {
        let gone = || WindowFailure::Gone {
            said: driver::tail(self.driver.log()),
        };
        let drawing = until(LIMITS.open, async || {
            Ok::<_, WindowFailure>(self.driver.drawing().next())
        });
        let drawing = drawing.await?.ok_or_else(gone)?;
        // Its own handler would survive a SIGSEGV that comes from outside.
        kill_process(drawing, Signal::ABORT).map_err(|_| gone())?;
        let ended = until(LIMITS.open, async || {
            let ended = self.driver.drawing().all(|one| one != drawing);
            Ok::<_, WindowFailure>(ended.then_some(()))
        });
        ended.await?.ok_or_else(gone)
    }

    /// Stops the process that draws the page without ending it, as one that hangs, or lets it go on.
    ///
    /// # Errors
    /// When there is none.
    pub fn hang_drawing(&self, hangs: bool) -> Result<(), WindowFailure> {
        let signal = if hangs { Signal::STOP } else { Signal::CONT };
        let gone = || WindowFailure::Gone {
            said: driver::tail(self.driver.log()),
        };
        let drawing = self.driver.drawing().next().ok_or_else(gone)?;
        kill_process(drawing, signal).map_err(|_| gone())
    }

    /// Waits until the program has ended by itself.
    ///
    /// # Errors
    /// When it still runs after the time.
    pub async fn wait_ended(&self, time: Duration) -> Result<(), WindowFailure> {
        let ended = until(time, async || {
            Ok::<_, WindowFailure>(self.process().is_none().then_some(()))
        });
        ended.await?.ok_or_else(|| WindowFailure::Gone {
            said: "the program still runs".to_owned(),
        })
    }

    /// The threads of the process that draws the page, by the names that the system has for them.
    pub fn drawing_threads(&self) -> Vec<String> {
        let threads =
            |process: Pid| std::fs::read_dir(format!("/proc/{}/task", process.as_raw_pid()));
        let threads = self.driver.drawing().flat_map(threads).flatten().flatten();
        let name = |thread: DirEntry| std::fs::read_to_string(thread.path().join("comm")).ok();
        let names = threads.filter_map(name);
        names.map(|name| name.trim().to_owned()).collect()
    }

    /// Ends the program in order.
    ///
    /// # Errors
    /// When the driver refuses.
    pub async fn close(self) -> Result<(), WindowFailure> {
        let closed = self.driver.client.clone().close().await;
        closed.map_err(|source| WindowFailure::Driver {
            what: "closing the window".to_owned(),
            source: Box::new(source),
        })
    }
}
