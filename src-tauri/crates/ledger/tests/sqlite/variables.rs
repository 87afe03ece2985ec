//! How long a test takes and what chance it follows, as told by the environment.

use std::env::VarError;

/// The number in a variable, if it is set.
///
/// With a default in the place of what is no number, a long run would be a short one that nobody
/// notices; so it panics.
pub fn number(name: &str) -> Option<u64> {
    let text = match std::env::var(name) {
        Ok(text) => text,
        Err(VarError::NotPresent) => return None,
        Err(VarError::NotUnicode(value)) => panic!("{name}={value:?} is no number"),
    };
    match text.parse() {
        Ok(number) => Some(number),
        Err(why) => panic!("{name}={text:?} is no number: {why}"),
    }
}
