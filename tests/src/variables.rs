//! How long a test takes and what chance it follows, as told by the environment.

use std::env::VarError;
use std::fmt::Display;
use std::str::FromStr;

/// The number in a variable, if it is set.
///
/// # Panics
/// When the value is no such number. With a default in its place a long run would be a short one that
/// nobody notices.
pub fn number<T: FromStr<Err: Display>>(name: &str) -> Option<T> {
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
