//! One cycle: the program is started, killed, started again, …, and brings the release to an end.

use std::path::Path;
use std::time::Duration;

use acceptance::killable::{Heard, Job, Process, Sabotage, Word};
use domain::Work;
use rehearsal::{Held, Moment};

use crate::arena::{Arena, Beginning, modules, start, stop};
use crate::books::Books;
use crate::checks::{self, Ended, carried_out};

/// When a process is killed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kill {
    /// It stands still at a point for the `nth` time.
    At(String, u32),
    /// So long after so many points, whatever it does.
    After {
        /// Points passed.
        points: usize,
        /// And then so long.
        wait: Duration,
    },
    /// So long after its start.
    Late(Duration),
    /// The cluster has received a change and not carried it out. It does so once the program is
    /// dead, or only when the next one has begun to look.
    Received {
        /// Which resource.
        resource: &'static str,
        /// Which request of it, from 1. The first one forward is refused for a conflict of owners.
        nth: u32,
        /// Whether it is carried out when the next program looks.
        when_looked_at: bool,
    },
    /// The cluster has carried a change out and not answered.
    CarriedOut(&'static str),
}

/// Where a cycle ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The work that was cut off goes on in its direction.
    GoneOnWith,
    /// Everything is taken back, by the button.
    TakenBack,
}

/// A cycle.
#[derive(Clone, Debug)]
pub struct Cycle {
    /// Where it begins.
    pub beginning: Beginning,
    /// The kills, one a process; the last process lives.
    pub kills: Vec<Kill>,
    /// Where it ends.
    pub end: End,
    /// The first answer to a change of a ConfigMap gets lost, so that there is something to read back.
    pub loses_answer: bool,
    /// What the program does wrong.
    pub sabotage: Option<Sabotage>,
}

/// What a cycle came to.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Processes killed.
    pub kills: u32,
    /// Processes that were done before their kill.
    pub escaped: u32,
    /// What the next starts found of the intent that was open.
    pub found: Vec<String>,
    /// Entries acknowledged, all looked up.
    pub acknowledged: usize,
    /// Points passed by the first process.
    pub points: Vec<String>,
}

impl Cycle {
    /// A cycle without any kill, to see which points there are.
    pub fn calm(beginning: Beginning, loses_answer: bool) -> Cycle {
        Cycle {
            beginning,
            kills: Vec::new(),
            end: End::GoneOnWith,
            loses_answer,
            sabotage: None,
        }
    }

    /// Plays it; what went wrong.
    pub async fn play(&self, arena: &mut Arena) -> Result<Tally, String> {
        let data = arena.begin(self.beginning).await;
        let played = self.play_in(arena, &data).await;
        if played.is_ok() {
            std::fs::remove_dir_all(&data).map_err(|error| error.to_string())?;
        }
        played.map_err(|wrong| format!("{self:?}: {wrong}"))
    }

    async fn play_in(&self, arena: &Arena, data: &Path) -> Result<Tally, String> {
        let mut lose = self.loses_answer.then(|| {
            let cluster = arena.cluster();
            cluster.hold("patch", "configmaps", Moment::CarriedOut)
        });
        let mut tally = Tally::default();
        let mut promised = Vec::new();
        let mut job = match self.beginning {
            Beginning::Open => Job::Forward(modules()),
            Beginning::RolledOut => Job::Back,
        };
        let orders = arena.orders(self.beginning, data, job.clone());
        let mut books = Books::read(data, &orders.release).await?;
        let before = books.environment(&orders.environment).settled.len();
        let mut held = None;
        for kill in self.kills.iter().map(Some).chain([None]) {
            let mut orders = arena.orders(self.beginning, data, job);
            orders.sabotage = self.sabotage;
            if let Some(Kill::At(point, nth)) = kill {
                orders.stop = Some(stop(point, *nth));
            }
            let life = Life {
                arena,
                books: &books,
                kill,
                environment: &orders.environment,
            };
            let mut hands = Hands {
                held: held.take(),
                lose: lose.take(),
            };
            let heard = life.live(start(&orders), &mut hands).await?;
            Hands { held, lose } = hands;
            if heard.is_done() {
                tally.escaped += u32::from(kill.is_some());
            } else if kill.is_some() && heard.is_killed() {
                tally.kills += 1;
            } else {
                return Err(format!("it ended by itself: {heard:?}"));
            }
            if tally.points.is_empty() {
                tally.points = points(&heard.words);
            }
            tally.found.extend(found(&heard.words));
            promised.extend(heard.words);
            books = Books::read(data, &orders.release).await?;
            let made = carried_out(arena.cluster(), &arena.namespace());
            checks::nothing_is_lost(&books, &promised)?;
            checks::nothing_is_twice(&books, &made)?;
            checks::outcomes_are_true(&books, &orders.environment, before, &made)?;
            job = self.next(&books.environment(&orders.environment).work);
        }
        let acknowledged = |word: &&Word| matches!(word, Word::Acknowledged { .. });
        tally.acknowledged = promised.iter().filter(acknowledged).count();
        let ended = match (self.beginning, self.end) {
            (Beginning::RolledOut, _) => Ended::TakenBackFromRolledOut,
            (Beginning::Open, End::GoneOnWith) => Ended::RolledOut,
            (Beginning::Open, End::TakenBack) => Ended::TakenBack,
        };
        let made = carried_out(arena.cluster(), &arena.namespace());
        checks::it_ended_well(&books, &orders.environment, ended, arena, &made)?;
        Ok(tally)
    }

    fn next(&self, work: &Work) -> Job {
        match (self.beginning, self.end, work) {
            (Beginning::Open, End::GoneOnWith, _) => Job::Forward(modules()),
            (Beginning::RolledOut, End::GoneOnWith, Work::Back) => Job::Resume,
            _ => Job::Back,
        }
    }
}

/// One process, from its start to its end.
struct Life<'a> {
    arena: &'a Arena,
    books: &'a Books,
    kill: Option<&'a Kill>,
    environment: &'a domain::EnvironmentId,
}

/// Requests that the cluster has in its hands, or will have.
struct Hands {
    /// One of a program that is dead, or of this one when it is.
    held: Option<Held>,
    /// The one whose answer gets lost.
    lose: Option<Held>,
}

/// Comes when the request is there; never when there is none.
async fn arrival(held: &mut Option<Held>) -> bool {
    match held {
        Some(held) => held.arrived().await,
        None => std::future::pending().await,
    }
}

impl Life<'_> {
    /// Lets it live until it is killed, or done.
    async fn live(&self, mut process: Process, hands: &mut Hands) -> Result<Heard, String> {
        let cluster = self.arena.cluster();
        let hold = |resource, moment| Some(cluster.hold("patch", resource, moment));
        let (mut trap, mut before) = match self.kill {
            Some(Kill::Received { resource, nth, .. }) => (hold(resource, Moment::Received), *nth),
            Some(Kill::CarriedOut(resource)) => (hold(resource, Moment::CarriedOut), 1),
            _ => (None, 1),
        };
        let deadline = match self.kill {
            Some(Kill::Late(wait)) => *wait,
            _ => Duration::from_secs(3600),
        };
        let deadline = tokio::time::Instant::now() + deadline;
        let mut points = 0;
        loop {
            let word = tokio::select! {
                word = process.next() => word,
                true = arrival(&mut trap) => {
                    before -= 1;
                    if before == 0 {
                        break;
                    }
                    if let Some(Kill::Received { resource, .. }) = self.kill {
                        let next = hold(resource, Moment::Received);
                        let gone = std::mem::replace(&mut trap, next);
                        gone.into_iter().for_each(Held::let_go);
                    }
                    continue;
                }
                true = arrival(&mut hands.lose) => {
                    hands.lose.take().into_iter().for_each(Held::lose_answer);
                    continue;
                }
                () = tokio::time::sleep_until(deadline) => break,
            };
            match word {
                None => return Ok(process.end().await),
                Some(Word::Started { entries }) => {
                    let there = self.books.entries.len() as u64;
                    if entries != there {
                        return Err(format!("it starts with {entries} entries of {there}"));
                    }
                    if let Some(held) = hands.held.take() {
                        self.until_looked_at().await;
                        held.let_go();
                    }
                }
                Some(Word::Interrupted(told)) => checks::the_start_says_the_truth(
                    self.books,
                    self.environment,
                    told.as_ref(),
                    self.arena,
                )?,
                Some(Word::Stopped) => break,
                Some(Word::At(_)) => {
                    points += 1;
                    if let Some(Kill::After { points: at, wait }) = self.kill
                        && points == *at
                    {
                        tokio::time::sleep(*wait).await;
                        break;
                    }
                }
                Some(_) => {}
            }
        }
        let heard = process.kill().await;
        if let Some(Kill::Received {
            when_looked_at: true,
            ..
        }) = self.kill
        {
            hands.held = trap;
        }
        Ok(heard)
    }

    /// Waits until the program has read the object of the open intent at least once.
    async fn until_looked_at(&self) {
        let state = self.books.environment(self.environment);
        let Some(pending) = &state.pending else {
            return;
        };
        let end = format!("/{}", pending.intent.object.name);
        let reads = || {
            let requests = self.arena.cluster().requests().into_iter();
            requests
                .filter(|r| r.verb == "get" && r.path.ends_with(&end))
                .count()
        };
        let before = reads();
        let looked = async {
            while reads() == before {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let looked = tokio::time::timeout(Duration::from_secs(30), looked).await;
        looked.expect("a look at what is pending");
    }
}

fn points(words: &[Word]) -> Vec<String> {
    let points = words.iter().filter_map(|word| match word {
        Word::At(point) => Some(point.clone()),
        _ => None,
    });
    points.collect()
}

fn found(words: &[Word]) -> Option<String> {
    words.iter().find_map(|word| match word {
        Word::Interrupted(told) => told.as_ref().map(|told| told.found.clone()),
        _ => None,
    })
}
