//! The story's side: starting the process, hearing what it says, killing it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{Orders, Word};

/// For the next word of a process that is well.
const PATIENCE: Duration = Duration::from_secs(90);

/// A running process. Dropping it kills it.
pub struct Process {
    child: Child,
    words: UnboundedReceiver<Word>,
    heard: Vec<Word>,
}

/// What a process had said by its end.
#[derive(Debug)]
pub struct Heard {
    /// Everything, in order.
    pub words: Vec<Word>,
    /// How it ended.
    pub status: ExitStatus,
}

impl Process {
    /// Starts the program. With a limit on the size of files it must not be killed by the signal
    /// that goes with it.
    pub fn start(program: &Path, orders: &Orders) -> Process {
        let limited = orders
            .full
            .as_ref()
            .is_some_and(|full| full.ballast.is_none());
        let mut command = if limited {
            let mut shell = Command::new("sh");
            shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]);
            shell.arg(program);
            shell
        } else {
            Command::new(program)
        };
        let mut child = command
            .arg(serde_json::to_string(orders).expect("orders"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        let (said, words) = unbounded_channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                // A process that is killed may leave half a line.
                let Ok(word) = serde_json::from_str(&line) else {
                    continue;
                };
                if said.send(word).is_err() {
                    return;
                }
            }
        });
        Process {
            child,
            words,
            heard: Vec::new(),
        }
    }

    /// The next word; none when it has ended.
    pub async fn next(&mut self) -> Option<Word> {
        let word = tokio::time::timeout(PATIENCE, self.words.recv()).await;
        let word = word.unwrap_or_else(|_| panic!("it is silent after {:?}", self.heard));
        self.heard.extend(word.clone());
        word
    }

    /// Kills it (SIGKILL), and hears what it had said by then.
    pub async fn kill(mut self) -> Heard {
        self.child.kill().expect("it can be killed");
        self.end().await
    }

    /// Waits for its end.
    pub async fn end(mut self) -> Heard {
        while self.next().await.is_some() {}
        Heard {
            status: self.child.wait().expect("its end"),
            words: std::mem::take(&mut self.heard),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Heard {
    /// Whether it came to the end of its job.
    pub fn is_done(&self) -> bool {
        matches!(self.words.last(), Some(Word::Done(_)))
    }

    /// Whether it was killed, and did not end by itself.
    pub fn is_killed(&self) -> bool {
        use std::os::unix::process::ExitStatusExt as _;
        self.status.signal() == Some(9)
    }
}
