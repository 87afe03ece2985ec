//! A broken program is seen: each check, and what it is there for.

use acceptance::killable::Sabotage;

use crate::arena::{Arena, Beginning};
use crate::cycle::{Cycle, End, Kill};

fn broken(sabotage: Sabotage, beginning: Beginning, point: &str, nth: u32) -> Cycle {
    Cycle {
        beginning,
        kills: vec![Kill::At(point.to_owned(), nth)],
        end: End::GoneOnWith,
        loses_answer: false,
        sabotage: Some(sabotage),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_broken_program_does_is_seen() {
    let Some(mut arena) = Arena::prepare().await else {
        return;
    };
    use Beginning::{Open, RolledOut};
    for (cycle, seen) in [
        (
            broken(Sabotage::SendsTwice, Open, "AfterSend", 1),
            "was carried out 2 times",
        ),
        (
            broken(Sabotage::SkipsIntent, Open, "AfterSend", 1),
            "was carried out and never intended",
        ),
        (
            broken(Sabotage::LosesOutcome, Open, "AfterOutcome", 1),
            "was acknowledged and is gone",
        ),
        (
            broken(Sabotage::Misreads, Open, "AfterSend", 1),
            "the cluster shows Applied",
        ),
        (
            broken(Sabotage::WritesAgain, RolledOut, "AfterOutcome", 2),
            "was written 2 times",
        ),
    ] {
        let wrong = cycle.play(&mut arena).await.expect_err(seen);
        assert!(wrong.contains(seen), "{seen}: {wrong}");
    }
    // And without it, nothing is wrong.
    Cycle::calm(Open, false).play(&mut arena).await.unwrap();
    arena.end().await;
}
