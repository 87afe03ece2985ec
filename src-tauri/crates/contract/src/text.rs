use serde::{Deserialize, Serialize};
use specta::Type;

/// An instant: RFC 3339 in UTC, with milliseconds.
pub type At = String;

/// Words that come from a workspace, in both languages; the window picks one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Text {
    /// Simplified Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// Done so far out of a total, for bars and counters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct Progress {
    /// How much is done, in the unit of the total.
    #[specta(type = u32)]
    pub done: f64,
    /// The whole.
    #[specta(type = u32)]
    pub total: f64,
    /// What is counted.
    pub unit: ProgressUnit,
}

/// What a [`Progress`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ProgressUnit {
    /// Seconds of waiting.
    Seconds,
    /// Checklist items.
    Items,
    /// Modules.
    Modules,
    /// Kubernetes objects.
    Objects,
    /// Permissions, one verb on one resource each.
    Permissions,
}
