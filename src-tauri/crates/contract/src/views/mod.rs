//! Views as pure functions of what the ledger says, what the clusters show and what time it is.
//! Whether a button works is never judged here: the domain is asked, so that the window and the
//! rules cannot disagree.

mod banner;
mod changes;
mod checklist;
mod common;
mod failures;
mod gate;
mod identity;
mod ledger;
mod next;
mod people;
mod place;
mod pods;
mod probe;
mod reasons;
mod record;
mod release;
mod rollback;
mod rollout;
mod rollout_failure;
mod stage;
mod steps;
mod timeline;
mod verbs;
mod way_back;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{Command, EnvironmentId, Facts, Instant, PersonId, Refusal, Register, Release};
use engine::MeasuredRollback;
use engine::ports::{Entry, Picture};

use crate::InterruptedView;

pub use banner::{BannerInput, banner_view};
pub use changes::{ChangesInput, ObjectLines, changes_view};
pub use checklist::checklist_view;
pub use common::{
    at, hex_with_colons, host_of, look, person_head, role_view, signature_view, text,
};
pub(crate) use failures::named;
pub use failures::{cluster_failure, refusal_view};
pub use gate::gate_view;
pub use identity::{IdentityInput, identity_view};
pub use ledger::{Names, ledger_detail, ledger_row};
pub use next::next_steps;
pub use people::{key_period_view, key_periods, witnesses};
pub use place::{current_environment, current_stage};
pub use pods::PodMemory;
pub(crate) use reasons::reason_views;
pub use record::upgrade_record;
pub use release::{release_head, release_view};
pub use rollback::rollback_preview_view;
pub use rollout::{objects_view, rollout_view};
pub use stage::{stage_status, stage_view};
pub use timeline::timeline;
pub use verbs::{register_verb, release_verb, unknown_verb};
pub use way_back::way_back_view;

/// What the views of a release are made from.
#[derive(Clone, Copy)]
pub struct ViewInput<'a> {
    /// The release as its events make it.
    pub release: &'a Release,
    /// Its entries, oldest first.
    pub entries: &'a [Entry],
    /// What holds across releases.
    pub register: &'a Register,
    /// Who sits at the workstation.
    pub me: Option<&'a PersonId>,
    /// Now.
    pub now: Instant,
    /// The newest picture of every environment that is watched.
    pub pictures: &'a BTreeMap<EnvironmentId, Arc<Picture>>,
    /// What was seen of the pods of every environment that is watched.
    pub pods: &'a BTreeMap<EnvironmentId, Arc<PodMemory>>,
    /// What was cut off, if anything was.
    pub interrupted: Option<&'a InterruptedView>,
    /// Rollbacks of all releases, this one included, that came to a healthy end.
    pub measured: &'a [MeasuredRollback],
}

impl<'a> ViewInput<'a> {
    /// What the domain is told when the person at the workstation gives a command now.
    pub fn facts(&self) -> Facts<'a> {
        Facts {
            now: self.now,
            actor: self.me,
            register: self.register,
        }
    }

    /// Whether the rules would take this command from the person at the workstation now.
    pub fn allows(&self, command: &Command) -> Result<(), Refusal> {
        domain::decide(Some(self.release), command, self.facts()).map(|_| ())
    }
}
