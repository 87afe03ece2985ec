//! The namespaces of one cluster, and programs inside them.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::place::Place;
use crate::programs::{self, Process};

/// Process 1 of the namespaces. It ends when our end of its stdin is closed,
/// and the kernel closes that however we end: with process 1 go all others,
/// the containers and the mounts. `wait` also reaps what containers leave.
///
/// Folders with fixed names are covered, so that two clusters do not meet there
/// and nothing is left on the host: /run has sockets and network namespaces,
/// /var/log and /var/lib what kubelet and CNI plugins write without being asked.
const INIT: &str = r#"
set -eu
mount -t tmpfs -o mode=755 run /run
mkdir -p "$1/var-log" "$1/var-lib" /run/netns /run/lock
mount --bind "$1/var-log" /var/log
mount --bind "$1/var-lib" /var/lib
ip link set lo up
echo 1 > /proc/sys/net/ipv4/ip_forward
exec 3<&0
echo ready
cat <&3 >/dev/null &
wait $!
"#;

pub(super) struct Namespaces {
    unshare: Child,
    init: Process,
}

impl Namespaces {
    pub(super) fn open(state: &Path, log: &Path) -> io::Result<Namespaces> {
        let mut unshare = programs::own_group(&mut Command::new("unshare"))
            .args([
                "--net",
                "--pid",
                "--mount",
                "--fork",
                "--kill-child",
                "--mount-proc",
            ])
            .args(["sh", "-c", INIT, "init"])
            .arg(state)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(log)?)
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = unshare.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let init = Process::child_of(unshare.id());
        match (line.trim(), init) {
            ("ready", Some(init)) => Ok(Namespaces { unshare, init }),
            _ => {
                let _ = unshare.kill();
                let _ = unshare.wait();
                let said = fs::read_to_string(log).unwrap_or_default();
                Err(io::Error::other(format!(
                    "namespaces did not open: {}",
                    said.trim()
                )))
            }
        }
    }

    /// The process whose end is the end of all in here.
    pub(super) fn root(&self) -> Option<Process> {
        Process::now(self.unshare.id())
    }

    /// A command that will run inside.
    pub(super) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.init.pid.to_string()]);
        command
            .args(["--net", "--pid", "--mount", "--"])
            .arg(program);
        programs::own_group(&mut command).stdin(Stdio::null());
        command
    }

    /// Where the host sees a path of the cluster's own file system.
    pub(super) fn inside(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{path}", self.init.pid))
    }

    /// Joins the cluster's network to the host's.
    pub(super) fn connect(&self, place: &Place) -> io::Result<()> {
        let link = place.link();
        let (host, node) = (place.host().to_string(), place.node().to_string());
        let pid = self.init.pid.to_string();
        let ip = |arguments: &[&str]| programs::run(Command::new("ip").args(arguments));
        ip(&[
            "link", "add", &link, "type", "veth", "peer", "name", "eth0", "netns", &pid,
        ])?;
        ip(&["addr", "add", &format!("{host}/24"), "dev", &link])?;
        ip(&["link", "set", &link, "up"])?;
        let inside = |arguments: &[&str]| programs::run(self.command("ip").args(arguments));
        inside(&["addr", "add", &format!("{node}/24"), "dev", "eth0"])?;
        inside(&["link", "set", "eth0", "up"])?;
        // There is no way out. Saying so at once makes a missing image an
        // ErrImagePull in milliseconds and not after many timeouts.
        inside(&["route", "add", "unreachable", "default"])?;
        ip(&["route", "add", &place.pods(), "via", &node])?;
        ip(&["route", "add", &place.services(), "via", &node])?;
        Ok(())
    }

    /// Ends everything inside. The end is complete when every component was reaped.
    pub(super) fn close(&mut self) -> io::Result<()> {
        // SIGKILL to unshare kills process 1 by its parent-death signal.
        self.unshare.kill()?;
        self.unshare.wait().map(|_| ())
    }

    /// Waits for the last process inside.
    pub(super) fn closed(&self) -> io::Result<()> {
        super::place::end(self.init)
    }
}

/// A running component: nsenter, and the program as its child.
pub(super) struct Running {
    nsenter: Child,
    pub(super) log: PathBuf,
}

impl Running {
    pub(super) fn start(mut command: Command, log: PathBuf) -> io::Result<Running> {
        let file = File::options().create(true).append(true).open(&log)?;
        command.stdout(file.try_clone()?).stderr(file);
        Ok(Running {
            nsenter: command.spawn()?,
            log,
        })
    }

    pub(super) fn ended(&mut self) -> bool {
        !matches!(self.nsenter.try_wait(), Ok(None))
    }

    pub(super) fn pause(&self) -> io::Result<()> {
        self.program()?.signal("STOP")
    }

    pub(super) fn resume(&self) -> io::Result<()> {
        let program = self.program()?;
        self.resume_nsenter();
        program.signal("CONT")
    }

    /// SIGKILL, and waits for the end.
    pub(super) fn kill(self) -> io::Result<()> {
        self.program()?.signal("KILL")?;
        self.reap()
    }

    /// Takes the exit code of a component that was killed, by us or with the namespaces.
    pub(super) fn reap(mut self) -> io::Result<()> {
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.nsenter.try_wait()?.is_none() {
            if Instant::now() > deadline {
                return Err(io::Error::other(format!(
                    "{} does not end",
                    self.log.display()
                )));
            }
            self.resume_nsenter();
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// nsenter stops itself when its child is stopped, and then sees nothing,
    /// not even its child's end.
    fn resume_nsenter(&self) {
        if let Some(nsenter) = Process::now(self.nsenter.id()) {
            // It may end at any moment; that is what it is woken for.
            let _ = nsenter.signal("CONT");
        }
    }

    /// nsenter forks right after its start; the program is its child.
    fn program(&self) -> io::Result<Process> {
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            match Process::child_of(self.nsenter.id()) {
                Some(program) => return Ok(program),
                None if Instant::now() > deadline => {
                    return Err(io::Error::new(
                        io::ErrorKind::NotFound,
                        "the process has ended",
                    ));
                }
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }
}
