//! What is kept in memory of every release. Of one that has ended it is all that is kept: its entries
//! are read again when somebody looks at it.

use domain::{
    EnvironmentId, Event, Instant, ModuleId, ModuleStatus, Release, ReleaseId, Status, Text, Tier,
    UnreadableEntry,
};
use serde::{Deserialize, Serialize};

/// The form of a stored summary. Raise it whenever the same entries give another summary: one of another
/// form is derived anew from the entries.
const FORM: u32 = 1;

/// A release without its entries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Identifier.
    pub id: ReleaseId,
    /// Title.
    pub title: String,
    /// When it was created.
    pub created_at: Instant,
    /// When its newest entry was written.
    pub touched_at: Instant,
    /// Whether it is over, and how.
    pub status: Status,
    /// Whether it is over and nothing of it goes on.
    pub rests: bool,
    /// Whether a module of it is back on its old version.
    pub rolled_back: bool,
    /// Its environments in pipeline order.
    pub environments: Vec<SummaryEnvironment>,
    /// Its rollbacks that came to a healthy end, oldest first.
    pub measured: Vec<MeasuredRollback>,
    /// Why it is read-only, if it is.
    pub unreadable: Option<UnreadableEntry>,
}

/// An environment of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryEnvironment {
    /// Identifier.
    pub id: EnvironmentId,
    /// Its name then.
    pub name: Text,
    /// Whether something of the release is there that can be rolled back.
    pub has_way_back: bool,
}

/// How long a rollback took, from the button to the old version being healthy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeasuredRollback {
    /// Where.
    pub environment: EnvironmentId,
    /// The environment's name then.
    pub name: Text,
    /// How careful one has to be there.
    pub tier: Tier,
    /// Modules that were rolled back.
    pub modules: Vec<ModuleId>,
    /// When it was done.
    pub at: Instant,
    /// How long it took, milliseconds.
    pub took_ms: f64,
}

impl MeasuredRollback {
    /// What an event ended, if it ended a rollback well. `release` is its state right after the event.
    pub fn ended_by(event: &Event, at: Instant, release: &Release) -> Option<MeasuredRollback> {
        let Event::WayBackDone { environment } = event else {
            return None;
        };
        let known = release.plan.environment(environment)?;
        let span = release.environments.get(environment)?.ended(true, at)?;
        Some(MeasuredRollback {
            environment: environment.clone(),
            name: known.name.clone(),
            tier: known.tier,
            modules: span.modules.clone(),
            at,
            took_ms: (at - span.started_at)
                .to_std()
                .unwrap_or_default()
                .as_secs_f64()
                * 1000.0,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Stored<S> {
    form: u32,
    summary: S,
}

impl Summary {
    /// Of a release as its entries make it.
    pub(crate) fn of(
        release: &Release,
        touched_at: Instant,
        measured: Vec<MeasuredRollback>,
    ) -> Summary {
        let environments = release.plan.environments();
        let mut modules = release
            .environments
            .values()
            .flat_map(|e| e.modules.values());
        Summary {
            id: release.plan.id.clone(),
            title: release.plan.title.clone(),
            created_at: release.created_at,
            touched_at,
            status: release.status.clone(),
            rests: release.rests(),
            rolled_back: modules.any(|module| module.status == ModuleStatus::TakenBack),
            environments: environments
                .map(|environment| SummaryEnvironment {
                    id: environment.id.clone(),
                    name: environment.name.clone(),
                    has_way_back: release.has_way_back(&environment.id),
                })
                .collect(),
            measured,
            unreadable: release.unreadable.clone(),
        }
    }

    /// Of a release whose very creation cannot be decoded: that it is there must be seen.
    pub(crate) fn of_unreadable(
        id: &ReleaseId,
        touched_at: Instant,
        entry: UnreadableEntry,
    ) -> Summary {
        Summary {
            id: id.clone(),
            title: String::new(),
            created_at: entry.at,
            touched_at,
            status: Status::Running,
            rests: false,
            rolled_back: false,
            environments: Vec::new(),
            measured: Vec::new(),
            unreadable: Some(entry),
        }
    }

    /// The environment with this identifier.
    pub fn environment(&self, id: &EnvironmentId) -> Option<&SummaryEnvironment> {
        self.environments.iter().find(|known| &known.id == id)
    }

    /// The text that the ledger keeps.
    pub(crate) fn stored(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&Stored {
            form: FORM,
            summary: self,
        })
    }

    /// From the text that the ledger kept; none when another version wrote it.
    pub(crate) fn read(text: &str) -> Option<Summary> {
        let stored: Stored<serde_json::Value> = serde_json::from_str(text).ok()?;
        (stored.form == FORM)
            .then(|| serde_json::from_value(stored.summary).ok())
            .flatten()
    }
}
