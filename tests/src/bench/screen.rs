//! Ten thousand pods of a real API server in the window: from the request that lists them to the
//! screen. A proxy holds that request back until the window is ready to show what comes.

use std::sync::Arc;

use controlplane::{ControlPlane, Options};
use http::Method;
use serde_json::Value;
use tokio::sync::Notify;

use super::process::Tree;
use super::site::{self, COUNT_PODS, MODULE};
use super::{Failed, Figure, Goal, Report, crowd};
use crate::desktop::Desktop;
use crate::window::{LIMITS, Window};
use crate::wire::{Fate, Proxy, Trap, hook};
use crate::world::{Caller, Site};

const PODS: usize = 10_000;
/// Bytes that make a pod's message about 6.5 KB, its managed fields included.
const PADDING: usize = 4_500;

/// Notes when the first pods are drawn, and when all of them are: slots are drawn before, empty, as many
/// as the Deployment wants. Wants a function `counted`.
const NOTE_PODS: &str = "
window.drawn = {};
const now = () => performance.timeOrigin + performance.now();
const wanted = arguments[0];
const frame = () => {
  const count = counted();
  if (count > 0) window.drawn.first ??= now();
  if (count === wanted) { window.drawn.all ??= now(); return; }
  requestAnimationFrame(frame);
};
requestAnimationFrame(frame);
";

/// Measures on a cluster and a desktop of its own.
///
/// # Errors
/// When the cluster, the desktop or the window cannot be had.
pub async fn measure(report: &mut Report) -> Result<(), Failed> {
    controlplane::available()?;
    println!("\n{PODS} pods of a real API server on the screen");
    let plane =
        tokio::task::spawn_blocking(|| ControlPlane::start(Options::named(MODULE))).await??;
    plane.kill_controller_manager()?;
    crowd::fill(&plane, PODS, PADDING).await?;
    let cluster = Site::real(plane);
    let done = in_window(report, &cluster).await;
    cluster.end().await;
    done
}

async fn in_window(report: &mut Report, cluster: &Site) -> Result<(), Failed> {
    let proxy = Proxy::before(cluster).await;
    let desktop = Desktop::start().await?;
    let (asked, answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let pods = format!("/namespaces/{MODULE}/pods");
    let hold = hook({
        let (asked, answer) = (Arc::clone(&asked), Arc::clone(&answer));
        move || {
            let (asked, answer) = (Arc::clone(&asked), Arc::clone(&answer));
            async move {
                asked.notify_one();
                answer.notified().await;
            }
        }
    });
    proxy.set(Trap::next(Method::GET, &pods, Fate::Passes).before(hold));
    let kubeconfig = cluster.kubeconfig_through(Caller::Admin, &proxy.url(), proxy.ca_pem());
    let play = site::open(&desktop, &kubeconfig, PODS).await?;
    let window = play.window();
    window.press("nav-rollout").await?;
    window.wait_for("screen-rollout").await?;
    tokio::time::timeout(LIMITS.work, asked.notified()).await?;
    let tree = Tree::of(window.process().ok_or("the program runs no more")?);
    let before = tree.memory();
    let note = format!("const counted = () => {COUNT_PODS};{NOTE_PODS}");
    window.script(&note, vec![PODS.into()]).await?;
    let begun = chrono::Utc::now();
    answer.notify_one();
    let (first, all) = drawn(window).await?;
    let after = tree.memory();
    let begun = begun.timestamp_micros() as f64 / 1000.0;
    let last_byte = proxy
        .last_byte(&pods)
        .ok_or("the pods did not come through the proxy")?;
    let last_byte = last_byte.timestamp_micros() as f64 / 1000.0;
    let mut add = |what: &str, ours, goal| {
        report.add(Figure {
            what: what.to_owned(),
            ours,
            against: None,
            unit: if what.contains("memory") { "MB" } else { "ms" },
            goal: Goal::AtMost(goal),
        });
    };
    add(
        "request → first of 10,000 pods on the screen",
        first - begun,
        150.0,
    );
    add("last byte → all of them usable", all - last_byte, 500.0);
    add(
        "memory that they add, all processes (PSS)",
        after - before,
        60.0,
    );
    println!("  the listing itself took {:.0} ms", last_byte - begun);
    Ok(())
}

/// When the first ones and when all of them were drawn, milliseconds since 1970.
async fn drawn(window: &Window) -> Result<(f64, f64), Failed> {
    let both = window
        .eventually("all pods to be drawn", LIMITS.rollout, async || {
            let drawn = window.script("return window.drawn", vec![]).await?;
            let at = |what: &str| drawn.get(what).and_then(Value::as_f64);
            Ok(at("first").zip(at("all")))
        })
        .await?;
    Ok(both)
}
