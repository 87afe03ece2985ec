use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use specta::Type;

/// One thing that kept a rollout or a way back from a good end. The window says it in the person's
/// language; what a cluster said stands among the params in the cluster's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ReasonView {
    /// What is the matter.
    pub code: ReasonCode,
    /// The object it is about (`Deployment/faasapi`), if it is about one.
    pub object: Option<String>,
    /// Values that its sentence names.
    pub params: BTreeMap<String, String>,
}

/// Every such thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ReasonCode {
    /// A new pod is not ready. Params: pod, why.
    PodNotReady,
    /// New pods cannot be made. Params: message.
    PodsNotMade,
    /// The node of a new pod does not take it up. Params: node.
    NodeDead,
    /// The cluster gave the rollout up. Params: message.
    GivenUp,
    /// Nothing has moved for longer than the progress deadline. Params: seconds, updated, wanted,
    /// available.
    NoProgress,
    /// The object has not been there for as long. Params: seconds.
    NotThere,
    /// Somebody deleted it after it was written.
    Deleted,
    /// The release created it for the whole cluster, where others may use it: it stays.
    MayBeUsed,
    /// Somebody changed it after it was written. Params: fields.
    ChangedAfter,
    /// It is not as it was written, and cannot be compared. Params: message.
    NotAsWritten,
    /// The cluster made something else of the write than the dry run had shown. Params: fields.
    BeyondReview,
    /// The cluster judged a change to it and refused it. Params: message.
    ChangeRefused,
    /// It is not what was reviewed any more, so that nothing was sent or taken.
    ChangeOutdated,
    /// Nobody judged the change. Params: message.
    ChangeUnheard,
    /// The API server let nobody in to make the change. Params: message.
    ChangeTurnedAway,
    /// The change got no answer, and was not there when it was read back.
    ChangeLost,
    /// The cluster did not do what it was asked. Params: seconds.
    NoContact,
    /// The API server cannot be reached. Params: message.
    Unreachable,
    /// The API server's certificate does not come from the pinned CA. Params: message.
    Untrusted,
    /// The API server does not know the credential.
    CredentialRefused,
    /// A permission is missing. Params: permission.
    Forbidden,
    /// The API server is busy.
    Busy,
    /// Another cluster answers.
    AnotherCluster,
    /// The cluster does not know the kind. Params: kind.
    KindUnknown,
    /// Its own status says that it failed. Params: reason, message.
    ObjectFailed,
    /// Its own status has not said that it is in effect for as long. Params: seconds, message.
    NotReady,
    /// Somebody else paused it. Params: manager, unless nobody is known.
    PausedBy,
    /// A person has to delete the old pods. Params: old.
    ChangesOnDelete,
    /// Updated up to the partition and no further. Params: partition, old.
    HeldByPartition,
    /// A claim that is bound when the first pod uses it.
    WaitsForFirstPod,
    /// No status judges it.
    NotJudged,
    /// No status judges it; a person has seen it. Params: note.
    Seen,
    /// Anything else, as it was said. Params: message.
    Said,
}
