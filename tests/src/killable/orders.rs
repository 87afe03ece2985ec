//! What the story tells the process, and what the process tells the story.

use std::path::PathBuf;

use domain::{EnvironmentId, Instant, ModuleId, MutationId, PersonId, ReleaseId};
use serde::{Deserialize, Serialize};

/// One run of the program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Orders {
    /// The data folder.
    pub data: PathBuf,
    /// The bus with the keychain.
    pub bus: String,
    /// The keychain's profile.
    pub profile: String,
    /// The release.
    pub release: ReleaseId,
    /// The environment that it is about.
    pub environment: EnvironmentId,
    /// Who acts.
    pub actor: PersonId,
    /// What time it is when the process begins: evidence does not age while a campaign runs.
    pub now: Instant,
    /// What is to be done.
    pub job: Job,
    /// Where it stops and waits to be killed.
    pub stop: Option<Stop>,
    /// When the disk is full.
    pub full: Option<Full>,
    /// What it does wrong, to see that the checks see it.
    pub sabotage: Option<Sabotage>,
}

/// What is to be done, after looking at what was cut off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Job {
    /// Nothing more.
    Look,
    /// Modules go forward to their end, from where they are.
    Forward(Vec<ModuleId>),
    /// Go on with what was cut off, in its direction.
    Resume,
    /// The environment goes back.
    Back,
}

/// The `nth` time (from 1) that a point is passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// The name of an [`engine::FailPoint`].
    pub point: String,
    /// Counted from the process's start.
    pub nth: u32,
}

/// The disk is full from the `nth` write of the ledger on (from 1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Full {
    /// Which write finds it full.
    pub nth: u32,
    /// How many bytes fit nevertheless.
    pub room: u64,
    /// How many writes fail before there is room again; none: when the work has broken off.
    pub failures: Option<u32>,
    /// A file whose removal makes room on the ledger's own small disk; without one the process
    /// limits the size of its files.
    pub ballast: Option<PathBuf>,
}

/// What a broken program would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sabotage {
    /// Sends every change twice.
    SendsTwice,
    /// Sends without having written down what it is about to do.
    SkipsIntent,
    /// Says that an outcome is durable, and it is not.
    LosesOutcome,
    /// Takes every change that it reads back for not applied.
    Misreads,
    /// Goes back by writing every object twice, each with an intent of its own.
    WritesAgain,
}

/// What the process says, one a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Word {
    /// The ledger is open and the engine started.
    Started {
        /// Entries found.
        entries: u64,
    },
    /// What was cut off, as a person would be told.
    Interrupted(Option<Told>),
    /// A point is passed.
    At(String),
    /// It stands at its stop.
    Stopped,
    /// An entry is durable, and the engine knows.
    Acknowledged {
        /// Its sequence number.
        sequence: u64,
        /// Its hash.
        hash: String,
    },
    /// A blob is durable.
    Kept(String),
    /// The ledger refused a write: which, counted from 1, and how.
    Refused {
        /// Which write.
        nth: u32,
        /// Whether the failure says that the ledger cannot be written.
        unwritable: bool,
        /// Its text.
        text: String,
    },
    /// There is room again.
    Room,
    /// Work broke off, and why.
    BrokeOff(String),
    /// There is nothing to take back.
    Nothing,
    /// The job is done; how many writes of the ledger it took.
    Done(u32),
}

/// Work that was cut off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Where.
    pub environment: EnvironmentId,
    /// Which module went forward.
    pub module: Option<ModuleId>,
    /// Whether it was going back.
    pub back: bool,
    /// The intent without an outcome.
    pub pending: Option<MutationId>,
    /// The name of an [`engine::Finding`].
    pub found: String,
}
