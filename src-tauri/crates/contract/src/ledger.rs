use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{At, BannerLook, ChainSummary, SignatureView, Text};

/// What to look for in the ledger.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Type)]
pub struct LedgerQuery {
    /// Words, all of which must occur; empty for all entries.
    pub words: String,
    /// Only this release.
    pub release: Option<String>,
    /// Only this environment.
    pub environment: Option<String>,
    /// Only this person.
    pub person: Option<String>,
    /// Only this verb.
    pub verb: Option<String>,
    /// Only entries before this sequence number; for the next page.
    pub before: Option<u32>,
    /// At most so many (1 to 500).
    pub limit: u32,
}

/// One page of the ledger, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct LedgerPage {
    /// Rows.
    pub rows: Vec<LedgerRow>,
    /// How many match in all, as far as they were counted.
    pub matches: u32,
    /// Whether there are more than were counted.
    pub more: bool,
    /// The chain.
    pub chain: ChainSummary,
    /// People, environments and verbs that occur, for the filters.
    pub people: Vec<String>,
    /// Verbs that occur.
    pub verbs: Vec<String>,
    /// First entry's instant.
    pub since: Option<At>,
}

/// One entry in the list (design 09).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct LedgerRow {
    /// Sequence number, from 1.
    pub sequence: u32,
    /// When it was written.
    pub at: At,
    /// The release.
    pub release: Option<String>,
    /// The environment.
    pub environment: Option<String>,
    /// Its name.
    pub environment_name: Option<Text>,
    /// Its glyph.
    pub look: Option<BannerLook>,
    /// Who; none for the program itself.
    pub person: Option<String>,
    /// That person's name.
    pub person_name: Option<String>,
    /// What, as the event's name (`gateOpened`); the window translates it.
    pub verb: String,
    /// Values that its sentence names.
    pub params: std::collections::BTreeMap<String, String>,
    /// Why it ended badly; its sentence names them as `reason`.
    pub reasons: Vec<crate::ReasonView>,
    /// Something was refused or went badly.
    pub bad: bool,
    /// It needs no signature by design and may have been done from a locked or empty seat: `person` says
    /// whose seat it was, not who pressed.
    pub from_seat: bool,
    /// Hash, hex.
    pub hash: String,
}

/// One entry with everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct LedgerDetail {
    /// The row.
    pub row: LedgerRow,
    /// The entry as pretty-printed JSON.
    pub json: String,
    /// Hash of the entry before.
    pub previous: String,
    /// Whether hash and link are right.
    pub chain_valid: bool,
    /// The signature in it, if it carries one.
    pub signature: Option<SignatureView>,
    /// Whether that signature verifies.
    pub signature_valid: Option<bool>,
    /// The signature's value, base64.
    pub signature_value: Option<String>,
    /// The key of that signature: since when it was the signer's, and until when.
    pub signature_key: Option<crate::KeyPeriodView>,
}

/// How to export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ExportFormat {
    /// One entry a line, everything, verifiable.
    JsonLines,
    /// For a spreadsheet.
    Csv,
}

/// What was exported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ExportView {
    /// The file.
    pub path: String,
    /// How many entries.
    pub entries: u32,
    /// SHA-256 of the file, hex.
    pub sha256: String,
}

/// One row of the upgrade record (sop A2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct UpgradeRecordRow {
    /// When the environment was done.
    pub at: At,
    /// The release.
    pub release: String,
    /// The module.
    pub module: String,
    /// Version before.
    pub from: Option<String>,
    /// Version after.
    pub to: String,
    /// Environment name.
    pub environment: Text,
    /// Operator's name.
    pub operator: String,
    /// How it ended.
    pub result: crate::ModuleStatus,
    /// Why it ended badly.
    pub reasons: Vec<crate::ReasonView>,
    /// How long the way back took, milliseconds.
    pub took_ms: Option<f64>,
    /// Conditions of the stage's gate that were waived.
    pub waived: Vec<WaivedCondition>,
}

/// A condition that was waived, in the upgrade record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct WaivedCondition {
    /// Its kind, as in the ledger; the window has words for it.
    pub condition: String,
    /// Why.
    pub reason: String,
}

/// A backup of the data folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct BackupSaved {
    /// Its folder.
    pub path: String,
    /// Entries of the ledger.
    pub entries: u32,
    /// SHA-256 of the ledger's file, hex.
    pub sha256: String,
}
