//! Views of releases that the domain's own stories lead to: what the window shows and what it lets
//! a person do is what the rules say, at every station of the way.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unused_imports)]

#[path = "../../../domain/tests/common/mod.rs"]
mod common;

mod banner;
mod changes;
mod gates;
mod ledger;
mod pods;
mod probes;
mod rollouts;
mod support;
