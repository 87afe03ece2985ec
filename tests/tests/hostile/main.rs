//! Hostile text, hostile pages and hostile callers against the real window.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod calls;
mod corpus;
#[path = "../e2e/desk.rs"]
mod desk;
mod links;
mod outside;
mod permissions;
mod policy;
mod secrets;
mod site;
mod walk;
mod watch;
