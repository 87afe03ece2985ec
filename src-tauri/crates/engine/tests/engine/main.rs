//! The engine over scripted ports: orders of faults that no real part can be made to give.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod back;
mod ended;
mod evidence;
mod fakes;
mod forward;
mod judging;
mod leaving;
mod pausing;
mod probing;
mod restart;
mod world;
