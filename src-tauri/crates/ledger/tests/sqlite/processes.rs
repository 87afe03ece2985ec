//! What other processes do: hold the folder, get killed, run out of room.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use engine::ports::{Ledger as _, LedgerFailure};
use ledger::SqliteLedger;

use crate::given::{cancelled, release};

const FOLDER: &str = "PILOTHOUSE_TEST_FOLDER";

/// Runs one of the children below as a process of its own.
fn child(program: &mut Command, name: &str, folder: &Path) -> Child {
    program
        .args([
            "--exact",
            &format!("processes::{name}"),
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn this_program() -> PathBuf {
    std::env::current_exe().unwrap()
}

/// Says something to the parent, on a line of its own.
fn say(word: &str, number: u64) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{word} {number}").unwrap();
    out.flush().unwrap();
}

/// The number behind a word that the child said.
fn heard(line: &str, word: &str) -> Option<u64> {
    line.strip_prefix(word)?.trim().parse().ok()
}

fn folder() -> PathBuf {
    std::env::var_os(FOLDER)
        .expect("is started by another test")
        .into()
}

#[tokio::test]
#[ignore = "a child of the tests below"]
async fn appends_until_it_ends() {
    let ledger = SqliteLedger::open(&folder()).await.unwrap();
    let stream = release("REL-1");
    for position in ledger.chain().entries.. {
        match ledger
            .append(&stream, position, vec![cancelled(&"x".repeat(500))])
            .await
        {
            Ok(entries) => say("acknowledged", entries[0].sequence),
            Err(LedgerFailure::Unwritable(_)) => return say("unwritable", position),
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for round in 1..=5 {
        let mut child = child(
            &mut Command::new(this_program()),
            "appends_until_it_ends",
            folder.path(),
        );
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let enough = acknowledged + 20 * round;
        while acknowledged < enough {
            let line = lines.next().expect("the child goes on").unwrap();
            acknowledged = heard(&line, "acknowledged ").unwrap_or(acknowledged);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines.map_while(Result::ok) {
            acknowledged = heard(&line, "acknowledged ").unwrap_or(acknowledged);
        }
        let ledger = SqliteLedger::open(folder.path()).await.unwrap();
        let chain = ledger.chain();
        assert_eq!(chain.broken_at, None);
        assert!(
            chain.entries >= acknowledged,
            "{} of {acknowledged} are there",
            chain.entries
        );
        assert!(chain.entries <= acknowledged + 1, "only one was under way");
        assert_eq!(ledger.verify().await.unwrap().verified, chain.entries);
        ledger.close().await;
        acknowledged = chain.entries;
    }
}

#[tokio::test]
async fn another_process_holds_the_folder_until_it_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = child(
        &mut Command::new(this_program()),
        "appends_until_it_ends",
        folder.path(),
    );
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while heard(&lines.next().expect("it opens").unwrap(), "acknowledged ").is_none() {}
    // The pipe is drained, so that the child does not stand still.
    let drain = std::thread::spawn(move || lines.map_while(Result::ok).count());
    match SqliteLedger::open(folder.path()).await {
        Err(LedgerFailure::InUse { process, .. }) => assert_eq!(process, Some(child.id())),
        other => panic!("{other:?}"),
    }
    child.kill().unwrap();
    child.wait().unwrap();
    drain.join().unwrap();
    let ledger = SqliteLedger::open(folder.path()).await.unwrap();
    assert!(ledger.chain().entries > 0);
}

/// A file that may not grow is what a full disk looks like.
#[cfg(unix)]
#[tokio::test]
async fn a_full_disk_is_said_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "trap '' XFSZ; ulimit -f 600; exec \"$0\" \"$@\""])
        .arg(this_program());
    let child = child(&mut shell, "appends_until_it_ends", folder.path());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    let acknowledged = said
        .lines()
        .filter_map(|line| heard(line, "acknowledged "))
        .max()
        .unwrap();
    assert!(
        said.lines()
            .any(|line| heard(line, "unwritable ") == Some(acknowledged)),
        "{said}"
    );
    let ledger = SqliteLedger::open(folder.path()).await.unwrap();
    let report = ledger.verify().await.unwrap();
    assert_eq!(
        (report.entries, report.verified, report.broken_at),
        (acknowledged, acknowledged, None)
    );
    ledger
        .append(
            &release("REL-1"),
            acknowledged,
            vec![cancelled("room again")],
        )
        .await
        .unwrap();
}
