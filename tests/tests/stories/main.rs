//! Stories, most of them on rehearsal clusters: given, when, then. What happened is looked at with kubectl and in
//! what the API server received, never through our own adapter.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod back;
mod brought;
mod changes;
mod faults;
mod hands;
mod people;
mod whole_line;

use acceptance::world::{Given, World};
use domain::MutationVerb;

pub const DEV: &str = "bj-dev";
pub const EXECUTOR: &str = "fission-executor";
pub const ROUTER: &str = "fission-router";
pub const AGENT: &str = "fission-agent";
pub const IN_ORDER: [&str; 3] = [EXECUTOR, ROUTER, AGENT];

/// A release with everything declared, and the gate of the first stage open.
pub async fn at_the_first_stage(given: Given) -> Option<World> {
    let mut world = given.rehearsed().await?;
    world.given_release().await;
    world.declare_the_timeout().await;
    world.when_stage_is_ready("bj-offline").await;
    Some(world)
}

/// The same, to be gone on with in a slow rollout of the executor.
pub fn slow() -> Given {
    Given {
        faults: vec![rehearsal::Fault::SlowStart {
            image_contains: "fission-executor:1.15.4".into(),
            extra: std::time::Duration::from_secs(3),
        }],
        ..Given::default()
    }
}

/// Waits until the executor's Deployment is written in dev.
pub async fn deployment_is_written(world: &World) {
    world
        .until(DEV, "the Deployment's write", |state| {
            state.settled.iter().any(|s| {
                // Ownership of its fields is moved before, as a change of its own.
                s.intent.object.kind == "Deployment" && s.intent.verb == MutationVerb::Apply
            })
        })
        .await;
}
