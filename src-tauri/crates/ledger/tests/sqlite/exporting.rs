use std::io::BufReader;

use domain::Event;
use engine::ports::{Entry, Format, Ledger as _, LedgerFailure, Stream};
use ledger::{SqliteLedger, verify_export};

use crate::given::{cancelled, entry, filled, imported, release, vote};

async fn three(folder: &std::path::Path) -> SqliteLedger {
    let ledger = SqliteLedger::open(folder).await.unwrap();
    ledger
        .append(&Stream::Register, 0, vec![imported("beijing")])
        .await
        .unwrap();
    ledger
        .append(
            &release("REL-1"),
            0,
            vec![vote("可以上线"), cancelled("a, \"b\"\nc")],
        )
        .await
        .unwrap();
    ledger
}

#[tokio::test]
async fn an_export_is_the_entries_and_verifies_alone() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = three(folder.path()).await;
    let path = folder.path().join("ledger.jsonl");
    let exported = ledger.export(Format::JsonLines, &path).await.unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(exported.entries, 3);
    assert_eq!(exported.sha256, domain::Digest::of(&bytes).as_str());

    let text = String::from_utf8(bytes.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let entries: Vec<Entry> = lines[..3]
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut expected = ledger.read(&Stream::Register, 0).await.unwrap();
    expected.extend(ledger.read(&release("REL-1"), 0).await.unwrap());
    assert_eq!(entries, expected);

    let report = verify_export(bytes.as_slice());
    assert_eq!(
        (report.entries, report.verified, report.broken_at),
        (3, 3, None)
    );
    assert_eq!(report.head, ledger.chain().head);
}

#[tokio::test]
async fn any_changed_byte_of_an_export_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = three(folder.path()).await;
    let path = folder.path().join("ledger.jsonl");
    ledger.export(Format::JsonLines, &path).await.unwrap();
    let whole = std::fs::read(&path).unwrap();
    let mut changed = whole.clone();
    let mut line = 1;
    for place in 0..whole.len() {
        for flip in [0x01, 0x20, 0x80] {
            changed[place] = whole[place] ^ flip;
            let report = verify_export(changed.as_slice());
            assert_eq!(report.broken_at, Some(line), "byte {place} ^ {flip:#x}");
        }
        changed[place] = whole[place];
        if whole[place] == b'\n' {
            line += 1;
        }
    }
    assert_eq!(line, 5, "all four lines were tried");
    // Lost, doubled and swapped lines.
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    assert_eq!(
        verify_export([lines[1], lines[2]].concat().as_slice()).broken_at,
        Some(1)
    );
    assert_eq!(
        verify_export([lines[0], lines[2]].concat().as_slice()).broken_at,
        Some(2)
    );
    assert_eq!(
        verify_export([lines[0], lines[0], lines[1]].concat().as_slice()).broken_at,
        Some(2)
    );
    assert_eq!(
        verify_export([lines[0], lines[2], lines[1]].concat().as_slice()).broken_at,
        Some(2)
    );
    assert_eq!(
        verify_export([lines[0], b"\n", lines[1]].concat().as_slice()).broken_at,
        Some(2)
    );
    assert_eq!(verify_export(&whole[..whole.len() - 1]).broken_at, Some(4));
    // Cut off at any place, and longer than it says.
    for length in 0..whole.len() {
        let lines = whole[..length].iter().filter(|byte| **byte == b'\n');
        assert_eq!(
            verify_export(&whole[..length]).broken_at,
            Some(lines.count() as u64 + 1)
        );
    }
    for more in [lines[2], lines[3], b"\n", b"x"] {
        let longer = [whole.as_slice(), more].concat();
        assert_eq!(verify_export(longer.as_slice()).broken_at, Some(4));
    }
    let ends_early = [lines[0], lines[1], lines[3]].concat();
    assert_eq!(verify_export(ends_early.as_slice()).broken_at, Some(3));
    assert_eq!(verify_export(b"".as_slice()).entries, 0);
}

#[tokio::test]
async fn a_forged_signature_is_found_in_an_export_with_right_hashes() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(folder.path()).await.unwrap();
    let mut forged = vote("good");
    if let engine::ports::Record::Release(Event::VoteCast { signed, .. }) = &mut forged.record {
        signed.statement.stage = "beijing".into();
    }
    ledger
        .append(&release("REL-1"), 0, vec![vote("good"), forged])
        .await
        .unwrap();
    let path = folder.path().join("ledger.jsonl");
    ledger.export(Format::JsonLines, &path).await.unwrap();
    let report = verify_export(BufReader::new(std::fs::File::open(&path).unwrap()));
    assert_eq!(
        (report.entries, report.verified, report.broken_at),
        (2, 1, Some(2))
    );
}

#[tokio::test]
async fn nothing_is_overwritten_and_nothing_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = three(&folder.path().join("data")).await;
    let path = folder.path().join("ledger.jsonl");
    std::fs::write(&path, b"mine").unwrap();
    for format in [Format::JsonLines, Format::Csv] {
        let refused = ledger.export(format, &path).await;
        assert!(
            matches!(refused, Err(LedgerFailure::ExportUnwritable(_))),
            "{refused:?}"
        );
    }
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    let nowhere = ledger
        .export(Format::Csv, &folder.path().join("no/such/folder.csv"))
        .await;
    assert!(
        matches!(nowhere, Err(LedgerFailure::ExportUnwritable(_))),
        "{nowhere:?}"
    );
    let mut left: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["data", "ledger.jsonl"]);
}

#[tokio::test]
async fn a_spreadsheet_gets_text_and_no_formulas() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(folder.path()).await.unwrap();
    let people = ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "陈 \"A\", B", "li"];
    let entries = people
        .map(|person| entry(person, Event::HelpAsked))
        .to_vec();
    ledger.append(&release("REL-1"), 0, entries).await.unwrap();
    let path = folder.path().join("ledger.csv");
    let exported = ledger.export(Format::Csv, &path).await.unwrap();
    assert_eq!(exported.entries, 7);

    let text = std::fs::read_to_string(&path).unwrap();
    let text = text
        .strip_prefix('\u{feff}')
        .expect("Excel needs it for Chinese");
    assert_eq!(text.matches("\r\n").count(), 8, "a line each, RFC 4180");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    assert_eq!(header.iter().next(), Some("sequence"));
    let actor = header.iter().position(|column| column == "actor").unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let actors: Vec<&str> = rows.iter().map(|row| &row[actor]).collect();
    assert_eq!(
        actors,
        [
            "'=1+1",
            "'+1",
            "'-1",
            "'@SUM(A1)",
            "'＝1",
            "陈 \"A\", B",
            "li"
        ]
    );
    for field in rows.iter().flat_map(|row| row.iter()) {
        assert!(!field.starts_with(['=', '+', '-', '@', '＝']), "{field}");
    }
}

#[tokio::test]
async fn a_large_export_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 5000).await;
    let ledger = SqliteLedger::open(folder.path()).await.unwrap();
    let path = folder.path().join("ledger.jsonl");
    let exported = ledger.export(Format::JsonLines, &path).await.unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert!(bytes.len() > 1_000_000);
    assert_eq!(
        (exported.entries, exported.sha256.as_str()),
        (5000, domain::Digest::of(&bytes).as_str())
    );
    assert_eq!(verify_export(bytes.as_slice()).verified, 5000);
}

/// The README promises that anyone can check an export; its program is run as it stands there.
#[tokio::test]
async fn the_readmes_program_finds_what_we_find() {
    let readme = include_str!("../../README.md");
    let program = readme
        .split("```python\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ledger = three(folder.path()).await;
    let path = folder.path().join("ledger.jsonl");
    ledger.export(Format::JsonLines, &path).await.unwrap();
    let run = || {
        std::process::Command::new("python3")
            .args(["-c", program])
            .arg(&path)
            .output()
    };
    let Ok(whole) = run() else {
        eprintln!("1 skipped: no python3");
        return;
    };
    let said = String::from_utf8_lossy(&whole.stdout).into_owned();
    assert_eq!(
        said.trim(),
        format!("whole, head {}", ledger.chain().head.unwrap()),
        "{whole:?}"
    );
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("可以上线", "不可上线")).unwrap();
    let changed = run().unwrap();
    assert!(!changed.status.success());
    assert!(
        String::from_utf8_lossy(&changed.stderr).contains("broken at 2"),
        "{changed:?}"
    );
}
