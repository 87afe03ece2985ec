//! The real window on a virtual desktop with a real Secret Service and a real notification daemon.
//! One test after the other: each has a desktop of its own, and the machine has few processors.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod closing;
mod desk;
mod folder;
mod identity;
mod keychain;
mod locks;
mod motion;
mod plugins;
mod redraw;
mod release;
mod restart;
mod seats;
mod site;
mod twice;
