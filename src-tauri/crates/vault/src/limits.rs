use std::time::Duration;

/// Bounds of the vault, in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long one call of the vault may take with all the items it touches. A locked Secret
    /// Service hangs until someone answers its prompt.
    pub call: Duration,
    /// How much longer the caller waits for the keychain's thread to say why it was late.
    pub grace: Duration,
    /// Most bytes of one item, after base64. Windows Credential Manager takes 2,560.
    pub item: usize,
    /// Fewest characters of a passphrase.
    pub passphrase: u32,
    /// How a new key's passphrase is stretched.
    pub stretch: Stretch,
}

/// Argon2id parameters; kept with each key, so that they can be raised later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Memory, KiB.
    pub memory: u32,
    /// Passes.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Stretch {
    /// The most that is accepted from a stored key: a forged item must not eat the workstation.
    pub(crate) const MOST: Stretch = Stretch {
        memory: 1024 * 1024,
        passes: 16,
        lanes: 8,
    };
}

impl Limits {
    /// [`Limits::call`] as a failure names it.
    pub(crate) fn seconds(self) -> u32 {
        u32::try_from(self.call.as_secs())
            .unwrap_or(u32::MAX)
            .max(1)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            call: Duration::from_secs(5),
            grace: Duration::from_millis(250),
            item: 2000,
            passphrase: 8,
            // RFC 9106, the second recommended option, on one lane: about a quarter of a second.
            stretch: Stretch {
                memory: 64 * 1024,
                passes: 3,
                lanes: 1,
            },
        }
    }
}
