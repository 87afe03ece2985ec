//! From the key press to the first write that the API server has accepted, guards included, beside
//! kubectl from its start. The rollout itself is the cluster's time and is left out.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Failed, Figure, Goal, Report, median_of};
use crate::desktop::until;
use crate::world::{Caller, Given, Site, World, real_sites};

const MODULE: &str = "fission-executor";
const ENVIRONMENTS: [&str; 3] = ["bj-dev", "bj-test", "bj-ontest"];
const MODULES: [&str; 3] = ["fission-executor", "fission-router", "fission-agent"];
/// How late the API server's own log may be.
const LATE: Duration = Duration::from_secs(5);

/// Measures on three clusters of its own.
///
/// # Errors
/// When there are no clusters, or no keyring.
pub async fn measure(report: &mut Report) -> Result<(), Failed> {
    controlplane::available()?;
    println!("\nthe first write of a release on a real API server");
    let sites = real_sites([]).await;
    let Some(mut world) = Given::default().real(sites).await else {
        return Err("no keyring to measure with".into());
    };
    world.given_release().await;
    world.declare_the_timeout().await;
    world.when_stage_is_ready("bj-offline").await;
    let (mut apply, mut back) = (Vec::new(), Vec::new());
    let mut servers_own = Vec::new();
    for environment in ENVIRONMENTS {
        world.arm(environment, MODULE).await?;
        let pressed = Utc::now();
        world.start_rollout(environment, MODULE).await?;
        world.ended(environment, MODULE).await;
        let first = first_write(&world, environment, pressed).await?;
        apply.push(first.after);
        servers_own.push(first.servers_own);
        for module in MODULES.into_iter().skip(1) {
            world.roll_out(environment, module).await;
        }
    }
    for environment in ENVIRONMENTS.into_iter().rev() {
        let pressed = Utc::now();
        world.start_way_back(environment).await?;
        world.way_back_ended(environment).await;
        back.push(first_write(&world, environment, pressed).await?.after);
    }
    let (mut kubectl_apply, mut kubectl_undo) = (Vec::new(), Vec::new());
    for (round, environment) in ENVIRONMENTS.into_iter().enumerate() {
        let (site, namespace) = world.place(environment);
        let file = world
            .workspace()
            .join(format!("modules/{MODULE}/{environment}/deployment.yaml"));
        let manifest = std::fs::read_to_string(file)?;
        let verbs = [
            "apply",
            "--server-side",
            "--force-conflicts",
            "-n",
            &namespace,
            "-f",
            "-",
        ];
        let began = Utc::now();
        kubectl(site, &verbs, &manifest).await?;
        kubectl_apply.push(first_write(&world, environment, began).await?.after);
        let target = format!("deployment/{MODULE}");
        // What no controller has numbered yet, kubectl takes for the older revision, and undoes nothing.
        let verbs = ["rollout", "status", &target, "-n", &namespace];
        kubectl(site, &verbs, "").await?;
        let verbs = ["rollout", "undo", &target, "-n", &namespace];
        let began = Utc::now();
        kubectl(site, &verbs, "").await?;
        kubectl_undo.push(first_write(&world, environment, began).await?.after);
        println!("  round {} of {}", round + 1, ENVIRONMENTS.len());
    }
    world.end().await;
    let mut add = |what: &str, ours, name: &str, theirs| {
        report.add(Figure {
            what: what.to_owned(),
            ours: median_of(what, ours),
            against: Some((name.to_owned(), median_of(name, theirs))),
            unit: "ms",
            goal: Goal::Times(10.0),
        });
    };
    let forward = "key press → first write accepted, forward";
    add(
        forward,
        apply,
        "kubectl apply --server-side, from its start",
        kubectl_apply,
    );
    let backward = "key press → first write accepted, way back";
    add(
        backward,
        back,
        "kubectl rollout undo, from its start",
        kubectl_undo,
    );
    report.add(Figure {
        what: "of the way forward: the API server's own work on that write".to_owned(),
        ours: median_of("the API server's own work, ms", servers_own),
        against: None,
        unit: "ms",
        goal: Goal::Told,
    });
    Ok(())
}

/// The first write that the API server accepted, in milliseconds.
struct FirstWrite {
    /// Until it was answered.
    after: f64,
    /// How long the API server worked on it.
    servers_own: f64,
}

async fn kubectl(site: &Site, arguments: &[&str], input: &str) -> Result<(), Failed> {
    let output = site.kubectl(Caller::Operator, arguments, input).await;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
}

/// The first write in the environment's namespace by the API server's own audit log: it runs on this
/// machine, so that its clock is ours.
async fn first_write(
    world: &World,
    environment: &str,
    since: DateTime<Utc>,
) -> Result<FirstWrite, Failed> {
    let (site, namespace) = world.place(environment);
    // It writes that down after it has answered: whoever asked can be here before.
    let found = until(LATE, async || {
        let heard = site.control_plane().heard()?;
        let accepted = heard
            .iter()
            .filter(|heard| heard.namespace == namespace && !heard.is_dry_run())
            .filter(|heard| heard.is_carried_out())
            .filter_map(|heard| Some((heard.answered_at?, heard.asked_at?)))
            .filter(|(answered, _)| *answered >= since);
        Ok::<_, Failed>(accepted.min())
    });
    let (answered, asked) = found.await?.ok_or("the API server heard of no write")?;
    Ok(FirstWrite {
        after: super::ms((answered - since).to_std()?),
        servers_own: super::ms((answered - asked).to_std()?),
    })
}
