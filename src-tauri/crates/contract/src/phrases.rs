//! Parts of sentences that failures name by a code, so that the window can say them in the person's
//! language. They are values among a failure's params; what a phrase names itself is beside it.

use serde::{Deserialize, Serialize};
use specta::Type;

/// What went wrong, as the param `problem`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Problem {
    /// The credential command does not start.
    CommandNotStarted,
    /// It took too long. Params: seconds.
    CommandLate,
    /// It ended with another exit code than 0. Params: code.
    CommandExited,
    /// It was ended by a signal. Params: signal.
    CommandKilled,
    /// It wrote too much. Params: limit (bytes).
    CommandTooLong,
    /// It wrote no `ExecCredential`.
    CommandNotCredential,
    /// It wrote one of another version.
    CommandOtherVersion,
    /// It gave neither a token nor a certificate with its key.
    CommandEmpty,
    /// Its certificate or key cannot be used.
    CommandBadCertificate,
    /// Its credential has ended already.
    CommandExpired,
}
