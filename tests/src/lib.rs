//! What acceptance needs: a desktop with nobody in front of it, the real window on it, and the
//! example release played in that window.

#[cfg(target_os = "linux")]
pub mod bench;
#[cfg(target_os = "linux")]
pub mod desktop;
#[cfg(target_os = "linux")]
pub mod folders;
#[cfg(target_os = "linux")]
pub mod killable;
#[cfg(target_os = "linux")]
pub mod play;
#[cfg(target_os = "linux")]
pub mod small_disk;
pub mod variables;
#[cfg(target_os = "linux")]
pub mod window;
#[cfg(target_os = "linux")]
pub mod wire;
#[cfg(target_os = "linux")]
pub mod world;
