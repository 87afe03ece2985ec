//! Every point, then random moments.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use acceptance::variables::number;
use engine::FailPoint;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::arena::{Arena, Beginning};
use crate::cycle::{Cycle, End, Kill, Tally};

/// Cycles that run at once. Most of a cycle is waiting, for read-backs and for pods.
const LANES: usize = 4;

/// Random kills in the test command.
const KILLS: u32 = 100;

/// From so many on it is a long campaign.
const THOROUGH: u32 = 1000;

const ENDS: [End; 2] = [End::GoneOnWith, End::TakenBack];
const BEGINNINGS: [Beginning; 2] = [Beginning::Open, Beginning::RolledOut];

/// What a way passes and how long it takes when nobody is killed.
struct Calm {
    beginning: Beginning,
    points: Vec<String>,
    took: Duration,
}

async fn calm(arena: &mut Arena, beginning: Beginning, loses_answer: bool) -> Calm {
    let began = Instant::now();
    let tally = Cycle::calm(beginning, loses_answer)
        .play(arena)
        .await
        .unwrap();
    Calm {
        beginning,
        points: tally.points,
        took: began.elapsed(),
    }
}

/// Each passing of each point, as a place to be killed at.
fn every_passing(points: &[String]) -> Vec<Kill> {
    let mut passed: BTreeMap<&str, u32> = BTreeMap::new();
    let mut kills = Vec::new();
    for point in points {
        let nth = passed.entry(point).or_default();
        *nth += 1;
        kills.push(Kill::At(point.clone(), *nth));
    }
    kills
}

/// Kills at every point, and in the middle of calls. The two ends take turns, or each kill has both.
fn systematic(ways: &[(Calm, bool)], turn: Option<usize>) -> Vec<Cycle> {
    let mut cycles = Vec::new();
    for (way, loses_answer) in ways {
        let mut kills = every_passing(&way.points);
        if *loses_answer {
            // The other points are those of the way on which no answer is lost.
            kills.retain(|kill| matches!(kill, Kill::At(point, _) if point.contains("ReadBack")));
        } else {
            for resource in ["configmaps", "deployments"] {
                kills.push(Kill::CarriedOut(resource));
                let requests = match way.beginning {
                    Beginning::Open => 1..=2,
                    // Nobody else owns anything any more.
                    Beginning::RolledOut => 1..=1,
                };
                for nth in requests {
                    kills.extend([false, true].map(|when_looked_at| Kill::Received {
                        resource,
                        nth,
                        when_looked_at,
                    }));
                }
            }
        }
        for (nth, kill) in kills.into_iter().enumerate() {
            let ends = match turn {
                Some(turn) => &ENDS[(nth + turn) % 2..][..1],
                None => &ENDS[..],
            };
            cycles.extend(ends.iter().map(|end| Cycle {
                beginning: way.beginning,
                kills: vec![kill.clone()],
                end: *end,
                loses_answer: *loses_answer,
                sabotage: None,
            }));
        }
    }
    cycles
}

/// One to three kills at random moments.
fn random(ways: &[(Calm, bool)], rng: &mut StdRng) -> Cycle {
    let (way, loses_answer) = &ways[rng.random_range(0..ways.len())];
    let mut kill = || match rng.random_range(0..5) {
        0 => Kill::Late(way.took.mul_f64(rng.random())),
        // Right at what is written and sent, a moment more or less.
        1..=3 => Kill::After {
            points: rng.random_range(1..=way.points.len()),
            wait: Duration::from_micros(rng.random_range(0..4000)),
        },
        _ => Kill::After {
            points: rng.random_range(1..=way.points.len()),
            wait: Duration::from_micros(rng.random_range(0..80_000)),
        },
    };
    let first = kill();
    let more = [kill(), kill()];
    let more = more.into_iter().take(rng.random_range(0..=2));
    Cycle {
        beginning: way.beginning,
        kills: std::iter::once(first).chain(more).collect(),
        end: ENDS[rng.random_range(0..2)],
        loses_answer: *loses_answer,
        sabotage: None,
    }
}

#[derive(Default)]
struct Figures {
    cycles: u32,
    kills: u32,
    escaped: u32,
    acknowledged: usize,
    found: BTreeMap<String, u32>,
}

impl Figures {
    fn add(&mut self, tally: &Tally) {
        self.cycles += 1;
        self.kills += tally.kills;
        self.escaped += tally.escaped;
        self.acknowledged += tally.acknowledged;
        for found in &tally.found {
            *self.found.entry(found.clone()).or_default() += 1;
        }
    }
}

/// Where cycles come from: a list, then as many random ones as it takes.
struct Source {
    list: VecDeque<Cycle>,
    ways: Vec<(Calm, bool)>,
    rng: StdRng,
    random_kills: u32,
    wanted: u32,
    wrong: Option<String>,
    figures: Figures,
}

impl Source {
    fn next(&mut self) -> Option<(Cycle, bool)> {
        if self.wrong.is_some() {
            return None;
        }
        if let Some(cycle) = self.list.pop_front() {
            return Some((cycle, false));
        }
        if self.random_kills >= self.wanted {
            return None;
        }
        Some((random(&self.ways, &mut self.rng), true))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_program_is_killed_everywhere_and_nothing_is_lost_or_done_twice() {
    let began = Instant::now();
    let seed: u64 = number("PILOTHOUSE_SEED").unwrap_or_else(|| rand::rng().random());
    let wanted = number("PILOTHOUSE_KILLS").unwrap_or(KILLS);
    println!("PILOTHOUSE_SEED={seed} PILOTHOUSE_KILLS={wanted}");
    let Some(mut first) = Arena::prepare().await else {
        return;
    };
    let mut ways = Vec::new();
    for beginning in BEGINNINGS {
        for loses_answer in [false, true] {
            let calm = calm(&mut first, beginning, loses_answer).await;
            ways.push((calm, loses_answer));
        }
    }
    let named: Vec<&String> = ways.iter().flat_map(|(way, _)| &way.points).collect();
    for point in FailPoint::ALL {
        let name = format!("{point:?}");
        assert!(named.contains(&&name), "{name} is never passed");
    }
    // Another seed, another turn.
    let turn = (wanted < THOROUGH).then_some((seed % 2) as usize);
    let list: VecDeque<Cycle> = systematic(&ways, turn).into();
    let points = list.len();
    let source = Arc::new(Mutex::new(Source {
        list,
        ways,
        rng: StdRng::seed_from_u64(seed),
        random_kills: 0,
        wanted,
        wrong: None,
        figures: Figures::default(),
    }));
    let lane = |arena: Option<Arena>| {
        let source = Arc::clone(&source);
        async move {
            let mut arena = match arena {
                Some(arena) => arena,
                None => Arena::prepare().await.expect("another arena"),
            };
            loop {
                let Some((cycle, is_random)) = source.lock().unwrap().next() else {
                    break;
                };
                let played = cycle.play(&mut arena).await;
                let mut source = source.lock().unwrap();
                match played {
                    Ok(tally) => {
                        source.figures.add(&tally);
                        if is_random {
                            source.random_kills += tally.kills;
                        } else {
                            assert_eq!(tally.kills, 1, "it was not killed: {cycle:?}");
                        }
                    }
                    Err(wrong) => {
                        source.wrong.get_or_insert(wrong);
                    }
                }
            }
            arena.end().await;
        }
    };
    let mut lanes = vec![tokio::spawn(lane(Some(first)))];
    lanes.extend((1..LANES).map(|_| tokio::spawn(lane(None))));
    for lane in lanes {
        lane.await.unwrap();
    }
    let source = source.lock().unwrap();
    let Figures {
        cycles,
        kills,
        escaped,
        acknowledged,
        found,
    } = &source.figures;
    println!(
        "{kills} kills in {cycles} releases ({points} at named points, {} at random; {escaped} were done \
         before), {acknowledged} acknowledged entries, found at the next start: {found:?}; {:.0} s",
        source.random_kills,
        began.elapsed().as_secs_f64()
    );
    if let Some(wrong) = &source.wrong {
        panic!("PILOTHOUSE_SEED={seed}: {wrong}");
    }
}
