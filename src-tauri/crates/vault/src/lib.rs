//! The OS keychain: what connects to clusters, people's signing keys, and the key that seals what
//! the ledger keeps of Secrets. Nothing of it is ever written anywhere else, and nothing secret
//! leaves it as anything printable. How items are laid out is in the crate's README.

mod contexts;
#[cfg(all(target_os = "linux", any(test, feature = "fixture")))]
pub mod fixture;
mod items;
mod keychain;
mod keys;
mod limits;
mod seal;
mod stored;
mod values;
mod vault;

#[cfg(target_os = "linux")]
mod secret_service;

#[cfg(all(test, target_os = "linux"))]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests;

pub use limits::{Limits, Stretch};
pub use vault::{KeychainVault, Options};
