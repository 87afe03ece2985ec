//! The power is cut: what was not synced is lost, in part or as a whole, in any order.

use std::collections::BTreeMap;
use std::path::Path;

use engine::ports::Ledger as _;
use ledger::SqliteLedger;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::given::{cancelled, release};
use crate::shim::{Op, Watched};
use crate::variables::number;
use crate::{ONE, folder};

/// Power cuts in the test command.
const CUTS: u64 = 150;

/// The smallest piece that a disk writes as a whole.
const SECTOR: usize = 512;

/// Entries, some of them long, so that the log is folded back in, a restart, and a few more.
async fn live(folder: &Path, watched: &Watched) -> Vec<String> {
    let mut hashes = Vec::new();
    for (entries, length) in [(70, 60_000), (6, 300)] {
        let ledger = SqliteLedger::open(folder).await.unwrap();
        for n in 0..entries {
            let length = if n % 3 == 0 { length } else { 200 };
            let entry = cancelled(&format!("{n} {}", "x".repeat(length)));
            let position = hashes.len() as u64;
            let stream = release("REL-1");
            let appended = ledger.append(&stream, position, vec![entry]);
            hashes.extend(appended.await.unwrap().into_iter().map(|entry| entry.hash));
            watched.promised(hashes.len() as u64);
        }
        ledger.close().await;
    }
    hashes
}

/// What is on the disk after so many steps: everything that was synced, and of the rest what the
/// disk happened to have written.
fn after(
    ops: &[Op],
    honest: bool,
    mut written: impl FnMut(&mut Vec<u8>, &Op),
) -> BTreeMap<usize, Vec<u8>> {
    let mut files: BTreeMap<usize, Vec<u8>> = BTreeMap::new();
    let mut waiting: BTreeMap<usize, Vec<&Op>> = BTreeMap::new();
    for op in ops {
        match op {
            Op::Write { file, .. } | Op::Truncate { file, .. } => {
                files.entry(*file).or_default();
                waiting.entry(*file).or_default().push(op);
            }
            Op::Sync { file } => {
                let content = files.entry(*file).or_default();
                for op in waiting.remove(file).unwrap_or_default() {
                    match honest {
                        true => whole(content, op),
                        false => written(content, op),
                    }
                }
            }
            Op::Remove { file } => {
                files.remove(file);
                waiting.remove(file);
            }
            Op::Promised(_) => {}
        }
    }
    for (file, ops) in waiting {
        let content = files.entry(file).or_default();
        ops.into_iter().for_each(|op| written(content, op));
    }
    files
}

/// Does what was asked for.
fn whole(content: &mut Vec<u8>, op: &Op) {
    match op {
        Op::Write { at, bytes, .. } => {
            let end = at + bytes.len();
            if content.len() < end {
                content.resize(end, 0);
            }
            content[*at..end].copy_from_slice(bytes);
        }
        Op::Truncate { length, .. } => content.resize(*length, 0),
        Op::Sync { .. } | Op::Remove { .. } | Op::Promised(_) => {}
    }
}

/// Does it, or not, or in part, sector by sector.
fn torn(rng: &mut StdRng) -> impl FnMut(&mut Vec<u8>, &Op) {
    let mut rng = StdRng::seed_from_u64(rng.random());
    let likely = [0.0, 0.3, 0.7, 1.0][rng.random_range(0..4)];
    move |content, op| match op {
        Op::Write { at, bytes, file } => {
            let mut from = 0;
            while from < bytes.len() {
                let to = bytes.len().min(from + SECTOR - (at + from) % SECTOR);
                if rng.random_bool(likely) {
                    let piece = Op::Write {
                        file: *file,
                        at: at + from,
                        bytes: bytes[from..to].to_vec(),
                    };
                    whole(content, &piece);
                }
                from = to;
            }
        }
        other if rng.random_bool(likely) => whole(content, other),
        _ => {}
    }
}

/// What is wrong with a ledger after a power cut.
async fn wrong(
    files: &BTreeMap<usize, Vec<u8>>,
    names: &[String],
    promised: u64,
    hashes: &[String],
) -> Result<(), String> {
    let folder = folder();
    for (file, content) in files {
        // The index beside the log is memory, and gone with it.
        if !names[*file].ends_with("-shm") {
            std::fs::write(folder.path().join(&names[*file]), content).unwrap();
        }
    }
    let failed = |failure| format!("{failure}");
    let ledger = SqliteLedger::open(folder.path()).await.map_err(failed)?;
    let report = ledger.verify().await.map_err(failed)?;
    ledger.close().await;
    if report.broken_at.is_some() {
        return Err(format!("{report:?}"));
    }
    if report.entries < promised {
        return Err(format!("{} entries of {promised}", report.entries));
    }
    // One may have been on its way.
    if report.entries > promised + 1 {
        return Err(format!("{} entries, {promised} promised", report.entries));
    }
    let newest = report.entries.checked_sub(1);
    if report.head.as_ref() != newest.and_then(|newest| hashes.get(newest as usize)) {
        return Err("another head".to_owned());
    }
    Ok(())
}

#[tokio::test]
async fn a_power_cut_at_any_moment_loses_nothing_that_was_promised() {
    let _one = ONE.lock().await;
    let seed = number("PILOTHOUSE_SEED").unwrap_or_else(|| rand::rng().random());
    let cuts = number("PILOTHOUSE_POWER_CUTS").unwrap_or(CUTS);
    println!("PILOTHOUSE_SEED={seed} PILOTHOUSE_POWER_CUTS={cuts}");
    let mut rng = StdRng::seed_from_u64(seed);
    let folder = folder();
    let watched = Watched::folder(folder.path());
    let hashes = live(folder.path(), &watched).await;
    let (ops, names) = watched.log();
    let syncs = ops
        .iter()
        .filter(|op| matches!(op, Op::Sync { .. }))
        .count();
    assert!(syncs > hashes.len(), "{syncs} syncs");
    let promised = |to: usize| {
        let promised = ops[..to].iter().rev().find_map(|op| match op {
            Op::Promised(entries) => Some(*entries),
            _ => None,
        });
        promised.unwrap_or(0)
    };
    let mut lost_by_a_liar = 0;
    for cut in 0..cuts {
        let to = rng.random_range(0..=ops.len());
        let files = after(&ops[..to], true, torn(&mut rng));
        let found = wrong(&files, &names, promised(to), &hashes).await;
        if let Err(wrong) = found {
            panic!("PILOTHOUSE_SEED={seed}, cut {cut} after step {to}: {wrong}");
        }
        // A disk that only says that it has synced, or a ledger that does not ask: the check sees it.
        if cut % 5 == 0 {
            let files = after(&ops[..to], false, torn(&mut rng));
            let found = wrong(&files, &names, promised(to), &hashes).await;
            lost_by_a_liar += u32::from(found.is_err());
        }
    }
    println!(
        "{cuts} power cuts in {} steps, {syncs} of them syncs; {lost_by_a_liar} of {} are found when \
         nothing is synced",
        ops.len(),
        cuts.div_ceil(5)
    );
    assert!(lost_by_a_liar > 0, "what is lost would not be seen");
}
