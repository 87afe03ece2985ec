use std::time::Instant;

use engine::ports::VaultFailure;
use zeroize::Zeroizing;

/// The service under which all items are kept.
pub(crate) const SERVICE: &str = "pilothouse";

/// Where one item is, and what a person sees of it in the keychain's own window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Lower-case, ASCII, without spaces: Windows does not tell case.
    pub(crate) user: String,
    /// For people.
    pub(crate) label: String,
}

/// A keychain: small items of text, each replaced as a whole. KWallet takes UTF-8 only, so that
/// every item is text.
pub(crate) trait Items {
    /// Calls after this fail with `Timeout` or `Locked` by that moment. A keychain that cannot be
    /// interrupted ignores it; then the caller stops waiting.
    fn until(&mut self, deadline: Instant);

    /// An item, or none.
    fn get(&mut self, place: &Place) -> Result<Option<Zeroizing<Vec<u8>>>, VaultFailure>;

    /// Makes or replaces an item.
    fn set(&mut self, place: &Place, text: &[u8]) -> Result<(), VaultFailure>;

    /// Deletes an item; there may be none.
    fn delete(&mut self, place: &Place) -> Result<(), VaultFailure>;
}
