//! The disk is full, at every write that a release makes to its ledger. The failure says so, nothing
//! is half-written, nothing is sent that could not be written down, and once there is room again the
//! release goes on.

use std::path::Path;

use acceptance::killable::{Full, Heard, Job, Word};
use acceptance::small_disk::SmallDisk;
use domain::Work;

use crate::arena::{Arena, Beginning, modules, start};
use crate::books::Books;
use crate::checks::{self, Ended, carried_out};

/// Plays a release to its end while the disk is full for a while; which writes failed.
async fn play(
    arena: &mut Arena,
    beginning: Beginning,
    data: &Path,
    full: Option<Full>,
) -> Result<Heard, String> {
    let (job, ended) = match beginning {
        Beginning::Open => (Job::Forward(modules()), Ended::RolledOut),
        Beginning::RolledOut => (Job::Back, Ended::TakenBackFromRolledOut),
    };
    let mut orders = arena.orders(beginning, data, job);
    let books = Books::read(data, &orders.release).await?;
    let before = books.environment(&orders.environment).settled.len();
    orders.full = full;
    let heard = start(&orders).end().await;
    if !heard.is_done() {
        return Err(format!("it did not go on: {heard:?}"));
    }
    let books = Books::read(data, &orders.release).await?;
    let made = carried_out(arena.cluster(), &arena.namespace());
    checks::nothing_is_lost(&books, &heard.words)?;
    checks::nothing_is_twice(&books, &made)?;
    checks::outcomes_are_true(&books, &orders.environment, before, &made)?;
    checks::it_ended_well(&books, &orders.environment, ended, arena, &made)?;
    let entries = books.entries.len();
    let told = |word: &&Word| matches!(word, Word::Acknowledged { .. });
    let acknowledged = heard.words.iter().filter(told).count();
    let there = heard.words.iter().find_map(|word| match word {
        Word::Started { entries } => Some(*entries),
        _ => None,
    });
    if entries as u64 != there.unwrap_or(0) + acknowledged as u64 {
        return Err(format!("{entries} entries, {there:?} and {acknowledged}"));
    }
    Ok(heard)
}

/// The writes of a way when there is room.
async fn writes(arena: &mut Arena, beginning: Beginning) -> u32 {
    let data = arena.begin(beginning).await;
    let heard = play(arena, beginning, &data, None).await.unwrap();
    match heard.words.last() {
        Some(Word::Done(writes)) => *writes,
        other => panic!("{other:?}"),
    }
}

/// What the ledger refused, which has to be a refusal for want of room.
fn refused(heard: &Heard) -> Vec<u32> {
    let refused = heard.words.iter().filter_map(|word| match word {
        Word::Refused {
            nth,
            unwritable,
            text,
        } => {
            assert!(unwritable, "{text}");
            Some(*nth)
        }
        _ => None,
    });
    refused.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_disk_at_every_write_of_a_release_keeps_it_from_nothing_but_going_on() {
    let Some(mut arena) = Arena::prepare().await else {
        return;
    };
    let (mut tried, mut broke_off) = (0, 0);
    for beginning in [Beginning::Open, Beginning::RolledOut] {
        let all = writes(&mut arena, beginning).await;
        assert!(all > 10, "{all} writes");
        for nth in 1..=all {
            // Nothing fits, or half of a page does. One write fails, or all until work breaks off.
            let full = Full {
                nth,
                room: [0, 2500][(nth as usize / 2) % 2],
                failures: [Some(1), None][nth as usize % 2],
                ballast: None,
            };
            let data = arena.begin(beginning).await;
            let heard = play(&mut arena, beginning, &data, Some(full.clone())).await;
            let heard = heard.unwrap_or_else(|wrong| panic!("{beginning:?} {full:?}: {wrong}"));
            let refused = refused(&heard);
            assert_eq!(refused.first(), Some(&nth), "{full:?}: {:?}", heard.words);
            assert!(heard.words.contains(&Word::Room));
            tried += 1;
            let off = |word: &&Word| matches!(word, Word::BrokeOff(_));
            broke_off += heard.words.iter().filter(off).count();
        }
    }
    println!(
        "{tried} writes found the disk full, {broke_off} times the work broke off and went on"
    );
    assert!(broke_off > 0);
    arena.end().await;
}

/// None, loudly, where none can be made.
fn small_disk() -> Option<SmallDisk> {
    SmallDisk::mount(4 << 20)
        .inspect_err(|error| eprintln!("1 skipped: no small disk ({error})"))
        .ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_small_disk_that_is_really_full_does_the_same() {
    let Some(disk) = small_disk() else {
        return;
    };
    let Some(mut arena) = Arena::prepare().await else {
        return;
    };
    let beginning = Beginning::Open;
    let all = writes(&mut arena, beginning).await;
    for nth in (1..=all).step_by(4) {
        let data = disk.folder().join("data");
        let begun = arena.begin(beginning).await;
        std::fs::create_dir(&data).unwrap();
        std::fs::copy(begun.join("ledger.sqlite"), data.join("ledger.sqlite")).unwrap();
        let full = Full {
            nth,
            room: 4096 * u64::from(nth % 3),
            failures: None,
            ballast: Some(disk.ballast()),
        };
        let heard = play(&mut arena, beginning, &data, Some(full.clone())).await;
        let heard = heard.unwrap_or_else(|wrong| panic!("{full:?}: {wrong}"));
        assert!(!refused(&heard).is_empty(), "{full:?}: {:?}", heard.words);
        std::fs::remove_dir_all(&data).unwrap();
    }
    // Full when the program starts: it cannot open its ledger, says why, and nothing is sent.
    let data = disk.folder().join("data");
    let begun = arena.begin(beginning).await;
    std::fs::create_dir(&data).unwrap();
    std::fs::copy(begun.join("ledger.sqlite"), data.join("ledger.sqlite")).unwrap();
    let before = std::fs::read(data.join("ledger.sqlite")).unwrap();
    disk.fill().unwrap();
    let opened = ledger::SqliteLedger::open(&data).await;
    assert!(
        matches!(opened, Err(engine::ports::LedgerFailure::Unwritable(_))),
        "{opened:?}"
    );
    assert_eq!(std::fs::read(data.join("ledger.sqlite")).unwrap(), before);
    disk.free().unwrap();
    let heard = play(&mut arena, beginning, &data, None).await.unwrap();
    assert_eq!(refused(&heard), Vec::<u32>::new());
    let books = Books::read(&data, &arena.orders(beginning, &data, Job::Look).release).await;
    let books = books.unwrap();
    assert_eq!(books.environment(&"bj-dev".into()).work, Work::Idle);
    arena.end().await;
}
