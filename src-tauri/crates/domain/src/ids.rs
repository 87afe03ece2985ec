use std::fmt;

use serde::{Deserialize, Serialize};

/// Declares an identifier: text with a type of its own, so that two kinds cannot be mixed up.
macro_rules! identifier {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is; whoever reads it from outside checks its form.
            pub fn new(text: impl Into<String>) -> Self {
                $name(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                $name(text.to_owned())
            }
        }
    )*};
}

identifier! {
    /// A release, `REL-20260915-01`.
    ReleaseId;
    /// A stage of the pipeline.
    StageId;
    /// An environment: one cluster and namespace in a stage.
    EnvironmentId;
    /// A module, which is also its name.
    ModuleId;
    /// A person of the workspace.
    PersonId;
    /// A checklist item.
    ItemId;
    /// One mutation of a cluster, from its intent to its outcome.
    MutationId;
    /// SHA-256 of some bytes, hex; the key of a blob in the ledger.
    Digest;
}

impl PersonId {
    /// Nobody: what is done from an empty seat. It is in no release, and never written down.
    pub fn nobody() -> Self {
        PersonId::new("")
    }

    /// Whether this is [`PersonId::nobody`].
    pub fn is_nobody(&self) -> bool {
        self.as_str().is_empty()
    }
}

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::{Digest as _, Sha256};
        Digest(hex::encode(Sha256::digest(bytes)))
    }
}
