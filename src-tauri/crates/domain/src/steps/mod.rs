//! What a run does, as data: a list of steps that is compiled when it begins, kept in the ledger, advanced by
//! [`Run::next`], performed by the engine, and shown by projecting the same list.
//!
//! A new strategy is a file here that compiles its steps, and at most one performer in the engine.

mod compile;
mod rollback;
mod rolling;

pub use compile::compile;
pub use rollback::{Written, rollback, written};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Digest, Instant, ModuleId, ObjectRef, Reasons};

/// One step of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Position in its run, from 1.
    pub number: u32,
    /// The module that it changes.
    pub module: ModuleId,
    /// What it does.
    #[serde(flatten)]
    pub action: Action,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    tag = "action"
)]
pub enum Action {
    /// Writes an object. Taken back by [`Action::Restore`] or [`Action::Remove`], whichever the backup asks
    /// for.
    Apply {
        /// The object.
        object: ObjectRef,
        /// The blob that holds the manifest.
        body: Digest,
    },
    /// Waits until the objects are what the release wants them to be. Changes nothing but a pause of ours
    /// that is left over, so that nothing is to be taken back.
    Await {
        /// The objects.
        objects: Vec<ObjectRef>,
    },
    /// Puts an object back to what the backup has, as far as this release changed it.
    Restore {
        /// The object.
        object: ObjectRef,
    },
    /// Deletes an object that this release created.
    Remove {
        /// The object.
        object: ObjectRef,
    },
    /// Waits until the objects that were put back are healthy.
    AwaitRestored {
        /// The objects.
        objects: Vec<ObjectRef>,
    },
}

impl Action {
    /// The object that a step changes; none for one that waits.
    pub fn target(&self) -> Option<&ObjectRef> {
        match self {
            Action::Apply { object, .. }
            | Action::Restore { object }
            | Action::Remove { object } => Some(object),
            Action::Await { .. } | Action::AwaitRestored { .. } => None,
        }
    }
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "is")]
pub enum StepEnd {
    /// It did what it says.
    Done,
    /// There was nothing to do.
    Unneeded,
    /// Its object is left as it is, which is right; why is said.
    Left {
        /// Why.
        reasons: Reasons,
    },
    /// It could not be done. A rollback goes on with the next step all the same (sop R1).
    Failed {
        /// Why.
        reasons: Reasons,
    },
}

/// A run under way or over: its steps and how far it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Steps in order.
    pub steps: Vec<Step>,
    /// Ended steps by number.
    pub ended: BTreeMap<u32, (StepEnd, Instant)>,
}

impl Run {
    /// A run of these steps that has not begun.
    pub fn of(steps: Vec<Step>) -> Run {
        Run {
            steps,
            ended: BTreeMap::new(),
        }
    }

    /// The step to perform now; none when all have ended.
    pub fn next(&self) -> Option<&Step> {
        let mut steps = self.steps.iter();
        steps.find(|step| !self.ended.contains_key(&step.number))
    }

    /// Why steps of it failed, in their order.
    pub fn failures(&self) -> Reasons {
        let mut failures = Reasons::default();
        for (end, _) in self.ended.values() {
            if let StepEnd::Failed { reasons } = end {
                failures.extend(reasons.clone());
            }
        }
        failures
    }
}

/// Numbers actions from 1 in their order.
fn numbered(actions: impl IntoIterator<Item = (ModuleId, Action)>) -> Vec<Step> {
    (1..)
        .zip(actions)
        .map(|(number, (module, action))| Step {
            number,
            module,
            action,
        })
        .collect()
}
