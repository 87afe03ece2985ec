//! The virtual screen, and what a hand on the mouse would do on it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use x11rb::protocol::xproto::{ClientMessageEvent, ConnectionExt as _, EventMask};

use super::child::{Program, Start};
use super::{DesktopFailure, failure::Missing, pixels::Pixels};

/// Width and height of the screen in pixels: the size the screens are designed for.
pub const SIZE: (u32, u32) = (1440, 900);

/// A virtual screen. There is no window manager: a window lies where it puts itself.
pub struct Screen {
    display: String,
    pixels: Pixels,
    _server: Program,
}

/// A window on the screen, by its X11 id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowId(u32);

impl Screen {
    /// Opens one on a free display number.
    ///
    /// # Errors
    /// When Xvfb does not start.
    pub fn open(folder: &Path) -> Result<Screen, DesktopFailure> {
        let (width, height) = SIZE;
        let arguments = [
            "-displayfd",
            "1",
            "-screen",
            "0",
            &format!("{width}x{height}x24"),
            "-nolisten",
            "tcp",
            "-noreset",
            "-fbdir",
            &folder.display().to_string(),
        ];
        let (mut server, stdout) = Program::start(&Start {
            name: "Xvfb",
            program: Path::new("Xvfb"),
            arguments: &arguments.map(str::to_owned),
            environment: &[],
            log: &folder.join("xvfb.log"),
            reads_stdout: true,
            stdin: None,
        })?;
        let mut number = String::new();
        if let Some(stdout) = stdout {
            let read = BufReader::new(stdout).read_line(&mut number);
            read.map_err(|source| DesktopFailure::File {
                what: "reading from Xvfb",
                source,
            })?;
        }
        if number.trim().is_empty() {
            server.still_runs()?;
            return Err(DesktopFailure::NotReady("Xvfb"));
        }
        Ok(Screen {
            display: format!(":{}", number.trim()),
            pixels: Pixels::kept_in(folder.join("Xvfb_screen0")),
            _server: server,
        })
    }

    /// What it shows.
    pub fn pixels(&self) -> &Pixels {
        &self.pixels
    }

    /// What `DISPLAY` has to be.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// Visible windows of this name (a regular expression), oldest first.
    ///
    /// # Errors
    /// When the screen cannot be asked.
    pub fn windows(&self, name: &str) -> Result<Vec<WindowId>, DesktopFailure> {
        // Nothing found is exit status 1 without a word.
        let found = self.output(&["search", "--onlyvisible", "--name", name])?;
        Ok(found
            .lines()
            .filter_map(|line| line.trim().parse().ok().map(WindowId))
            .collect())
    }

    /// Which window has the keyboard, if any.
    ///
    /// # Errors
    /// When the screen cannot be asked.
    pub fn focused(&self) -> Result<Option<WindowId>, DesktopFailure> {
        let id = self.output(&["getwindowfocus", "-f"])?;
        // 0 is none, 1 is whatever lies under the pointer.
        let id = id.trim().parse().ok().filter(|id| *id > 1);
        Ok(id.map(WindowId))
    }

    /// Takes the keyboard away from every window.
    ///
    /// # Errors
    /// When the screen refuses.
    pub fn unfocus(&self) -> Result<(), DesktopFailure> {
        let root = self.xdotool(&["search", "--maxdepth", "0", ".*"])?;
        let root = root.lines().next().unwrap_or_default().trim().to_owned();
        self.xdotool(&["windowfocus", &root]).map(drop)
    }

    /// Presses the left button in the middle of a window, as a hand would.
    ///
    /// # Errors
    /// When the screen refuses.
    pub fn click(&self, window: WindowId) -> Result<(), DesktopFailure> {
        let id = window.0.to_string();
        self.xdotool(&["mousemove", "--window", &id, "20", "20", "click", "1"])
            .map(drop)
    }

    /// Asks a window to close, as the cross in its frame does: with a message that it may refuse.
    ///
    /// # Errors
    /// When the screen refuses.
    pub fn ask_to_close(&self, window: WindowId) -> Result<(), DesktopFailure> {
        self.send_delete(window)
            .map_err(|failure| DesktopFailure::Screen {
                asked: format!("WM_DELETE_WINDOW to {}", window.0),
                said: failure.to_string(),
            })
    }

    /// What a window manager sends for the cross (ICCCM 4.2.8.1); older tools have no command for it.
    fn send_delete(&self, window: WindowId) -> Result<(), Box<dyn std::error::Error>> {
        let (connection, _) = x11rb::connect(Some(&self.display))?;
        let atom = |name: &[u8]| connection.intern_atom(false, name);
        let protocols = atom(b"WM_PROTOCOLS")?.reply()?.atom;
        let delete = atom(b"WM_DELETE_WINDOW")?.reply()?.atom;
        let event = ClientMessageEvent::new(32, window.0, protocols, [delete, 0, 0, 0, 0]);
        connection
            .send_event(false, window.0, EventMask::NO_EVENT, event)?
            .check()?;
        Ok(())
    }

    /// Holds keys in a window, by their X11 names, as a hand would.
    ///
    /// # Errors
    /// When the screen refuses.
    pub fn hold(
        &self,
        window: WindowId,
        keys: &[&str],
        time: Duration,
    ) -> Result<(), DesktopFailure> {
        let (id, seconds) = (window.0.to_string(), time.as_secs_f64().to_string());
        let down = keys.iter().flat_map(|key| ["keydown", key]);
        let up = keys.iter().rev().flat_map(|key| ["keyup", key]);
        let arguments: Vec<&str> = ["windowfocus", "--sync", &id]
            .into_iter()
            .chain(down)
            .chain(["sleep", &seconds])
            .chain(up)
            .collect();
        self.xdotool(&arguments).map(drop)
    }

    fn output(&self, arguments: &[&str]) -> Result<String, DesktopFailure> {
        let output = Command::new("xdotool")
            .args(arguments)
            .env("DISPLAY", &self.display)
            .output()
            .map_err(|_| Missing::Program("xdotool"))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn xdotool(&self, arguments: &[&str]) -> Result<String, DesktopFailure> {
        let output = Command::new("xdotool")
            .args(arguments)
            .env("DISPLAY", &self.display)
            .output()
            .map_err(|_| Missing::Program("xdotool"))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(DesktopFailure::Screen {
            asked: arguments.join(" "),
            said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }
}
