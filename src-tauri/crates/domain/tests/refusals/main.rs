//! Every rule refuses what it should, and the whole line passes when everything holds.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod arming;
mod back;
#[path = "../common/mod.rs"]
mod common;
mod creating;
mod evidence;
mod facts;
mod gates;
mod keys;
mod line;
mod sending;
mod signing;
mod stopping;

/// An id of whatever kind is wanted.
fn id<T: for<'a> From<&'a str>>(text: &str) -> T {
    T::from(text)
}
