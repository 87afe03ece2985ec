//! A desktop with nobody in front of it: a screen, a session bus, a keychain and a notification
//! daemon, all real, all its own. Nothing of the user's desktop is touched, and everything is
//! given its environment when it is started: tests run side by side.

mod bus;
mod child;
mod failure;
mod keychain;
mod notifications;
mod pixels;
mod screen;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use child::{Program, Start};
pub use failure::{DesktopFailure, Missing};
pub use keychain::Keychain;
pub use notifications::{Notifications, Shown};
pub use pixels::{Area, Pixels};
pub use screen::{SIZE, Screen, WindowId};

use bus::Bus;

use crate::folders;

/// Set to `1` where tests that need a desktop must not be skipped.
pub const REQUIRE: &str = "PILOTHOUSE_REQUIRE_DESKTOP";

/// How long things of the desktop may take.
pub struct Limits {
    /// A daemon until it answers, a notification until it is shown.
    pub ready: Duration,
    /// A program between being asked to end and being ended.
    pub ending: Duration,
    /// Between two looks at something that is waited for.
    pub look: Duration,
}

/// The limits.
pub const LIMITS: Limits = Limits {
    ready: Duration::from_secs(20),
    ending: Duration::from_secs(3),
    look: Duration::from_millis(40),
};

/// Looks again and again until there is something, or `None` when the time is over.
///
/// # Errors
/// What a look fails with ends the waiting.
pub async fn until<T, E>(
    limit: Duration,
    look: impl AsyncFn() -> Result<Option<T>, E>,
) -> Result<Option<T>, E> {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = look().await? {
            return Ok(Some(found));
        }
        if Instant::now() >= end {
            return Ok(None);
        }
        tokio::time::sleep(LIMITS.look).await;
    }
}

/// Whether the desktop and the program can be had here.
///
/// # Errors
/// What is missing first.
pub fn available() -> Result<(), Missing> {
    let programs = [
        "Xvfb",
        "dbus-daemon",
        "gnome-keyring-daemon",
        "dunst",
        "WebKitWebDriver",
        "xdotool",
        "setpriv",
    ];
    for program in programs {
        find(program)?;
    }
    for file in [folders::driver(), folders::program()] {
        if !file.is_file() {
            return Err(Missing::File(file));
        }
    }
    Ok(())
}

/// For tests: `None` after saying loudly that `count` tests are skipped, where there is no desktop.
///
/// # Panics
/// Instead of skipping where [`REQUIRE`] is `1`.
#[allow(clippy::panic)]
pub fn or_skip(count: usize) -> Option<()> {
    let Err(missing) = available() else {
        return Some(());
    };
    if std::env::var(REQUIRE).is_ok_and(|value| value == "1") {
        panic!("{REQUIRE}=1, and there is no desktop: {missing}");
    }
    eprintln!("{count} skipped: no desktop ({missing})");
    None
}

fn find(program: &'static str) -> Result<PathBuf, Missing> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file());
    found.ok_or(Missing::Program(program))
}

/// How the window is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawing {
    /// As the program decides by itself.
    Decided,
    /// Through OpenGL. It is emulated on the virtual screen: that takes more of the processor than
    /// everything else that a window does, and the emulation has crashed.
    Graphics,
    /// Without it.
    Plain,
}

/// Which parts of the desktop are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// A Secret Service with an unlocked keychain.
    pub keychain: bool,
    /// A notification daemon.
    pub notifications: bool,
    /// How the window is drawn.
    pub drawing: Drawing,
}

impl Parts {
    /// Nothing is missing.
    pub const ALL: Parts = Parts {
        keychain: true,
        notifications: true,
        drawing: Drawing::Decided,
    };

    /// Nothing is missing that a person would miss on a virtual screen.
    pub const PLAIN: Parts = Parts {
        drawing: Drawing::Plain,
        ..Parts::ALL
    };
}

/// The whole of it; dropping it ends all its programs.
pub struct Desktop {
    // In the order in which they end: whoever talks to another one ends first.
    notifications: Option<Notifications>,
    keychain: Option<Keychain>,
    bus: Bus,
    screen: Screen,
    environment: Vec<(String, String)>,
    folder: tempfile::TempDir,
}

impl Desktop {
    /// Starts all parts.
    ///
    /// # Errors
    /// When a part is missing or does not become ready.
    pub async fn start() -> Result<Desktop, DesktopFailure> {
        Desktop::with(Parts::ALL).await
    }

    /// Starts a desktop that may lack parts.
    ///
    /// # Errors
    /// When a part is missing or does not become ready.
    pub async fn with(parts: Parts) -> Result<Desktop, DesktopFailure> {
        available()?;
        let file = |what| move |source| DesktopFailure::File { what, source };
        let folder = tempfile::Builder::new()
            .prefix("pilothouse-desktop-")
            .tempdir()
            .map_err(file("making a folder"))?;
        for part in ["home", "config", "data", "cache", "run"] {
            let path = folder.path().join(part);
            std::fs::create_dir(&path).map_err(file("making a folder"))?;
            private(&path).map_err(file("closing a folder to others"))?;
        }
        let screen = Screen::open(folder.path())?;
        let bus = Bus::start(folder.path()).await?;
        let environment = environment(folder.path(), &screen, &bus, parts);
        let keychain = if parts.keychain {
            Some(Keychain::start(folder.path(), &bus, &environment).await?)
        } else {
            None
        };
        let notifications = if parts.notifications {
            Some(Notifications::start(folder.path(), &bus, &environment).await?)
        } else {
            None
        };
        Ok(Desktop {
            notifications,
            keychain,
            bus,
            screen,
            environment,
            folder,
        })
    }

    /// Wants no animations any more: programs that start from now on find it in their settings.
    ///
    /// # Errors
    /// When the settings cannot be written.
    pub fn keep_still(&self) -> Result<(), DesktopFailure> {
        let folder = self.folder().join("config/gtk-3.0");
        let still = "[Settings]\ngtk-enable-animations=false\n";
        let written = std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(folder.join("settings.ini"), still));
        written.map_err(|source| DesktopFailure::File {
            what: "writing the desktop's settings",
            source,
        })
    }

    /// The screen.
    pub fn screen(&self) -> &Screen {
        &self.screen
    }

    /// The notification daemon; `None` on a desktop without one.
    pub fn notifications(&self) -> Option<&Notifications> {
        self.notifications.as_ref()
    }

    /// The keychain; `None` on a desktop without one.
    pub fn keychain(&self) -> Option<&Keychain> {
        self.keychain.as_ref()
    }

    /// Address of the session bus.
    pub fn bus(&self) -> &str {
        self.bus.address()
    }

    /// Environment of whatever runs on this desktop.
    pub fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// A folder that goes when the desktop goes.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

fn environment(folder: &Path, screen: &Screen, bus: &Bus, parts: Parts) -> Vec<(String, String)> {
    let path = |part: &str| folder.join(part).display().to_string();
    let own = [
        ("HOME", path("home")),
        ("XDG_CONFIG_HOME", path("config")),
        ("XDG_DATA_HOME", path("data")),
        ("XDG_CACHE_HOME", path("cache")),
        ("XDG_RUNTIME_DIR", path("run")),
        ("DISPLAY", screen.display().to_owned()),
        ("DBUS_SESSION_BUS_ADDRESS", bus.address().to_owned()),
        ("GDK_BACKEND", "x11".to_owned()),
        ("GSETTINGS_BACKEND", "memory".to_owned()),
        // No accessibility bus: there is none, and looking for it takes seconds.
        ("NO_AT_BRIDGE", "1".to_owned()),
        ("GTK_A11Y", "none".to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
        ("TZ", "Asia/Shanghai".to_owned()),
        ("USER", "pilot".to_owned()),
    ];
    let drawing = match parts.drawing {
        Drawing::Decided => None,
        Drawing::Graphics => Some("graphics"),
        Drawing::Plain => Some("plain"),
    };
    own.into_iter()
        .chain(drawing.map(|word| ("PILOTHOUSE_DRAWING", word.to_owned())))
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
}
