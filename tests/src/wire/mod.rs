//! What stands between the program and a cluster, and beside one: a proxy that loses, delays and
//! makes up answers on purpose, and an admission webhook with a mind of its own.
//!
//! Both panic where they cannot be set up, as a story does.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod proxy;
mod relay;
mod tls;
mod webhook;

pub use proxy::{Fate, Hook, Passed, Proxy, Trap, hook};
pub use webhook::{Judgement, Webhook};
