//! One program, driven: tauri-driver, WebKitWebDriver and the window they start.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::{LIMITS, Unopened, WindowFailure};
use crate::desktop::{Desktop, DesktopFailure, Program, Start, until};
use crate::folders;

/// Names the program's data folder.
const DATA_FOLDER: &str = "PILOTHOUSE_DATA_FOLDER";

/// The processes behind one window.
pub(super) struct Driver {
    pub(super) client: Client,
    program: PathBuf,
    programs: Program,
    log: PathBuf,
}

impl Driver {
    pub(super) async fn start(
        desktop: &Desktop,
        program: &Path,
        data_folder: &Path,
        more: &[(String, String)],
    ) -> Result<Driver, WindowFailure> {
        let (port, native_port) = (free_port()?, free_port()?);
        let log = desktop.folder().join(format!("window-{port}.log"));
        let mut environment = desktop.environment().to_vec();
        environment.push((DATA_FOLDER.to_owned(), data_folder.display().to_string()));
        environment.extend_from_slice(more);
        let arguments = [
            "--port",
            &port.to_string(),
            "--native-port",
            &native_port.to_string(),
            "--native-driver",
            "/usr/bin/WebKitWebDriver",
        ];
        let (mut programs, _) = Program::start(&Start {
            name: "tauri-driver",
            program: &folders::driver(),
            arguments: &arguments.map(str::to_owned),
            environment: &environment,
            log: &log,
            reads_stdout: false,
            stdin: None,
        })?;
        for port in [port, native_port] {
            let listens = until(LIMITS.open, async || {
                Ok::<_, DesktopFailure>(
                    tokio::net::TcpStream::connect(("127.0.0.1", port))
                        .await
                        .ok(),
                )
            });
            if listens.await?.is_none() {
                programs.still_runs()?;
                return Err(DesktopFailure::NotReady("the WebDriver").into());
            }
        }
        let client = session(port, program)
            .await
            .map_err(|why| WindowFailure::Open {
                why,
                said: tail(&log),
            })?;
        Ok(Driver {
            client,
            program: program.to_owned(),
            programs,
            log,
        })
    }

    /// What the program printed so far.
    pub(super) fn log(&self) -> &Path {
        &self.log
    }

    /// Process id of the program under test: it is the one of its group that runs that file.
    pub(super) fn program(&self) -> Option<Pid> {
        let wanted = self.program.to_string_lossy();
        // A rebuilt program goes on running from the deleted file.
        self.running(|file| file.to_string_lossy().starts_with(&*wanted))
            .next()
    }

    /// Process ids of whatever draws for it.
    pub(super) fn drawing(&self) -> impl Iterator<Item = Pid> {
        self.running(|file| file.ends_with("WebKitWebProcess"))
    }

    /// Process ids of the group whose program is in a file as wanted.
    fn running(&self, wanted: impl Fn(&Path) -> bool) -> impl Iterator<Item = Pid> {
        let group = self.programs.group().to_string();
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        processes.filter_map(move |entry| {
            let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            // Behind the name, which is in brackets: state, parent, group.
            let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
            let in_group = fields.nth(2) == Some(group.as_str());
            let file = std::fs::read_link(entry.path().join("exe")).ok()?;
            (in_group && wanted(&file))
                .then(|| Pid::from_raw(pid))
                .flatten()
        })
    }

    /// Ends the program as a power cut would.
    pub(super) fn kill_program(&self) -> bool {
        self.program()
            .is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok())
    }
}

async fn session(port: u16, program: &Path) -> Result<Client, Unopened> {
    let capabilities = json!({ "tauri:options": { "application": program } });
    let mut builder = ClientBuilder::new(HttpConnector::new());
    if let Some(map) = capabilities.as_object() {
        builder.capabilities(map.clone());
    }
    let url = format!("http://127.0.0.1:{port}");
    match tokio::time::timeout(LIMITS.open, builder.connect(&url)).await {
        Ok(Ok(client)) => Ok(client),
        Ok(Err(refused)) => Err(Unopened::Refused(Box::new(refused))),
        Err(_) => Err(Unopened::Silent {
            seconds: LIMITS.open.as_secs(),
        }),
    }
}

/// A port that was free a moment ago; the driver takes no listening socket.
fn free_port() -> Result<u16, WindowFailure> {
    let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    let failed = |source| DesktopFailure::File {
        what: "looking for a free port",
        source,
    };
    Ok(port.map_err(failed)?.port())
}

pub(super) fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

/// How long things of the window may take.
pub struct Limits {
    /// The window until it can be driven.
    pub open: Duration,
    /// Something small on the screen.
    pub step: Duration,
    /// Something that asks a cluster.
    pub work: Duration,
    /// The rollout of a module.
    pub rollout: Duration,
}
