use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{RefusalView, RoleView, SignatureView, Text};

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
    /// Whether the person at the workstation may sign it now.
    pub may_sign: bool,
    /// Why not.
    pub why_not: Option<RefusalView>,
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
