use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{At, PersonHead, RefusalView, RoleView, SignatureView, Text};

/// The checklist of one stage (design 05).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ChecklistView {
    /// The stage.
    pub stage: String,
    /// Items signed, over all phases.
    pub done: u32,
    /// Items in all.
    pub total: u32,
    /// Phases in order.
    pub phases: Vec<ChecklistPhaseView>,
}

/// One phase of a checklist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ChecklistPhaseView {
    /// Which phase.
    pub phase: ChecklistPhase,
    /// Items signed or probed.
    pub done: u32,
    /// Items in all.
    pub total: u32,
    /// Items under their headings.
    pub groups: Vec<ChecklistGroupView>,
}

/// When an item is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ChecklistPhase {
    /// Before the stage.
    Pre,
    /// While it runs.
    During,
    /// Right after it.
    Post,
    /// The next day.
    Day1,
    /// The day after that.
    Day2,
}

/// Items under one heading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ChecklistGroupView {
    /// The heading.
    pub title: Text,
    /// The items.
    pub items: Vec<ChecklistItemView>,
}

/// One item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ChecklistItemView {
    /// Identifier, unique in the stage.
    pub id: String,
    /// What has to hold.
    pub title: Text,
    /// One line about it.
    pub detail: Text,
    /// Suggested steps.
    pub steps: Vec<Text>,
    /// Who has to sign.
    pub role: RoleView,
    /// Probed by machine instead of signed by a person.
    pub automatic: bool,
    /// Where it stands.
    pub state: ChecklistItemState,
    /// Who signed.
    pub signature: Option<SignatureView>,
    /// What the signer noted.
    pub note: Option<String>,
    /// What the probe found.
    pub evidence: Option<String>,
    /// What is asked of an address, and what came; for items that an address answers.
    pub probe: Option<ItemProbeView>,
    /// Whether the person at the workstation may sign it now.
    pub may_sign: bool,
    /// Why not.
    pub why_not: Option<RefusalView>,
}

/// A probe of an address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ItemProbeView {
    /// The address.
    pub url: String,
    /// Expected status.
    pub status: u16,
    /// Text that the body has to have.
    pub contains: Option<String>,
    /// What came of the newest probe that counts; none before the first one after the rollout.
    pub finding: Option<ProbeFindingView>,
    /// Whether it may be asked now.
    pub may_ask: bool,
    /// Why not.
    pub why_not: Option<RefusalView>,
}

/// What came of a probe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ProbeFindingView {
    /// When it was asked.
    pub at: At,
    /// Who asked.
    pub by: Option<PersonHead>,
    /// What it means for the item.
    pub verdict: ProbeVerdictView,
    /// The status that came, if an answer came.
    pub status: Option<u16>,
    /// Whether the body has the text that was asked for; none when no text was, or no answer came.
    pub contains: Option<bool>,
    /// The first characters of the body, or what the system said about the silence.
    pub text: String,
    /// Whether the body goes on.
    pub more: bool,
    /// Why no answer came.
    pub trouble: Option<ProbeTroubleView>,
}

/// What a probe means for its item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ProbeVerdictView {
    /// The right answer.
    Held,
    /// Another answer.
    NotHeld,
    /// None that could be judged.
    NotReachable,
}

/// Why no answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ProbeTroubleView {
    /// Not in time.
    Late,
    /// No connection.
    NoConnection,
    /// The certificate is not trusted.
    NotTrusted,
    /// The connection broke, or what came is no HTTP.
    Broken,
}

/// Where an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ChecklistItemState {
    /// Nobody signed.
    Open,
    /// It holds.
    Passed,
    /// It does not hold.
    Failed,
    /// The probe could not tell.
    Unknown,
}
