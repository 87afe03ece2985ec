//! Changes of pods on their way to the screen: how soon one is there, and what a thousand a second do
//! to the window.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use controlplane::{ControlPlane, Options, User};
use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::process::Tree;
use super::site::{self, MODULE};
use super::{Failed, Figure, Goal, Report, crowd, median};
use crate::desktop::Desktop;
use crate::play::Play;
use crate::window::{LIMITS, Window};

const PODS: usize = 300;
/// Single changes that are timed.
const SINGLE: usize = 30;
/// Longer than the window waits between two readings.
const CALM: Duration = Duration::from_millis(1_500);
/// Changes a second, and for how long frames are looked at.
const RATE: u32 = 1_000;
const STORM: Duration = Duration::from_secs(20);
/// Eight hours of three clusters with a change a second each.
const EIGHT_HOURS: u32 = 3 * 8 * 3600;
/// Changes before memory is looked at.
const WARM: u32 = 20_000;
/// How often memory is looked at meanwhile: the page's goes up and down with every collection of
/// garbage, and one look says nothing.
const LOOKS: u32 = 18;
/// Ticks in which a second's changes are sent.
const TICK: Duration = Duration::from_millis(20);

/// Notes when so many pods are first drawn as ready: all are old ones, for the release has written nothing.
const NOTE_READY: &str = "
const list = document.querySelector('[data-testid=pods-bands]');
window.drawn = {};
window.noting = new MutationObserver(() => {
  const ready = list.querySelectorAll('.cell.runOld').length;
  requestAnimationFrame(() => { window.drawn[ready] ??= performance.timeOrigin + performance.now(); });
});
window.noting.observe(list, { attributes: true, childList: true, subtree: true });
";
/// Notes how long every frame took.
const NOTE_FRAMES: &str = "
window.frames_seen = []; let last;
const frame = (now) => { if (last !== undefined) window.frames_seen.push(now - last); last = now; window.frame_wanted = requestAnimationFrame(frame); };
window.frame_wanted = requestAnimationFrame(frame);
";
const TAKE_FRAMES: &str = "cancelAnimationFrame(window.frame_wanted); return window.frames_seen";

/// Measures in the window on a cluster of its own.
///
/// # Errors
/// When the cluster, the desktop or the window cannot be had.
pub async fn measure(report: &mut Report) -> Result<(), Failed> {
    controlplane::available()?;
    println!("\nchanges of pods on the screen");
    let plane =
        tokio::task::spawn_blocking(|| ControlPlane::start(Options::named(MODULE))).await??;
    plane.kill_controller_manager()?;
    crowd::fill(&plane, PODS, 0).await?;
    let done = in_window(report, &plane).await;
    plane.shutdown()?;
    done
}

async fn in_window(report: &mut Report, plane: &ControlPlane) -> Result<(), Failed> {
    let client = crowd::client(&plane.kubeconfig(User::Admin)).await?;
    let desktop = Desktop::start().await?;
    let play = site::open(&desktop, &plane.kubeconfig(User::Admin), PODS).await?;
    site::show_pods(&play, PODS).await?;
    let window = play.window();
    // First, before anything is noted in the page: what looks at it changes when it collects garbage.
    eight_hours(report, window, &client).await?;
    storm(report, &play, &client).await?;
    none_ready(window, &client).await?;
    window.script(NOTE_READY, vec![]).await?;
    soon(report, window, &client, 0, CALM).await?;
    soon(report, window, &client, SINGLE, Duration::ZERO).await
}

/// One change after the other, from the request to the frame that shows it.
async fn soon(
    report: &mut Report,
    window: &Window,
    client: &Client,
    from: usize,
    calm: Duration,
) -> Result<(), Failed> {
    let mut took = Vec::new();
    for number in from..from + SINGLE {
        tokio::time::sleep(calm).await;
        let sent = SystemTime::now().duration_since(UNIX_EPOCH)?;
        ready(client, number, true).await?;
        let drawn = window
            .eventually("the change to be drawn", LIMITS.step, async || {
                let at = window.script(
                    "return window.drawn[arguments[0]]",
                    vec![(number + 1).into()],
                );
                Ok(at.await?.as_f64())
            })
            .await?;
        took.push(drawn - sent.as_secs_f64() * 1000.0);
    }
    let when = if calm.is_zero() {
        "after another one"
    } else {
        "after a calm"
    };
    let worst = took.iter().copied().fold(0.0, f64::max);
    for (what, ours) in [("median", median(took)), ("the slowest", worst)] {
        report.add(Figure {
            what: format!(
                "a pod's change {when}, from its request to the screen, {what} of {SINGLE}"
            ),
            ours,
            against: None,
            unit: "ms",
            goal: Goal::AtMost(100.0),
        });
    }
    Ok(())
}

/// Memory over as many changes as eight hours bring.
async fn eight_hours(report: &mut Report, window: &Window, client: &Client) -> Result<(), Failed> {
    let tree = Tree::of(window.process().ok_or("the program runs no more")?);
    // Until the page has grown to what it works with.
    changes(client, WARM).await?;
    let mut looks = Vec::new();
    for _ in 0..LOOKS {
        changes(client, EIGHT_HOURS / LOOKS).await?;
        looks.push(tree.memory());
    }
    println!("  memory meanwhile, MB: {looks:.0?}");
    let third = looks.len() / 3;
    let mean = |looks: &[f64]| looks.iter().sum::<f64>() / third as f64;
    report.add(Figure {
        what: format!("memory in the last third of {EIGHT_HOURS} changes, all processes (PSS)"),
        ours: mean(&looks[looks.len() - third..]),
        against: Some(("in the first".to_owned(), mean(&looks[..third]))),
        unit: "MB",
        goal: Goal::Within(1.05),
    });
    Ok(())
}

/// A thousand a second: frames, here and on a screen without pods: what the machine alone holds up.
async fn storm(report: &mut Report, play: &Play, client: &Client) -> Result<(), Failed> {
    let window = play.window();
    let (rate, longest) = frames(window, client).await?;
    window.press("nav-environments").await?;
    let (_, without) = frames(window, client).await?;
    site::show_pods(play, PODS).await?;
    report.add(Figure {
        what: format!("longest frame at {rate:.0} pod changes a second, {PODS} pods"),
        ours: longest,
        against: Some(("on a screen without pods".to_owned(), without)),
        unit: "ms",
        goal: Goal::AtMost(50.0),
    });
    Ok(())
}

/// How many changes a second there were, and the longest frame meanwhile.
async fn frames(window: &Window, client: &Client) -> Result<(f64, f64), Failed> {
    window.script(NOTE_FRAMES, vec![]).await?;
    let count = RATE * u32::try_from(STORM.as_secs())?;
    let rate = changes(client, count).await?;
    let frames = window.script(TAKE_FRAMES, vec![]).await?;
    let mut frames: Vec<f64> = frames
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_f64)
        .collect();
    frames.sort_by(f64::total_cmp);
    let longest = frames.last().copied().ok_or("no frame was drawn")?;
    let late = frames.iter().filter(|frame| **frame > 50.0).count();
    println!(
        "  {} frames at {rate:.0} changes a second, {late} over 50 ms, 99 of 100 within {:.0} ms",
        frames.len(),
        frames[frames.len() * 99 / 100]
    );
    Ok((rate, longest))
}

/// As it was in the beginning, on the screen too.
async fn none_ready(window: &Window, client: &Client) -> Result<(), Failed> {
    for number in 0..PODS {
        ready(client, number, false).await?;
    }
    window
        .eventually("no pod to be ready", LIMITS.step, async || {
            let script = "return document.querySelector('.cell.runOld') === null";
            let none = window.script(script, vec![]).await?;
            Ok((none == Value::Bool(true)).then_some(()))
        })
        .await?;
    Ok(())
}

/// Sends so many changes, no faster than the rate; says how many a second it came to.
async fn changes(client: &Client, count: u32) -> Result<f64, Failed> {
    let began = Instant::now();
    let mut ticks = tokio::time::interval(TICK);
    let each = RATE / u32::try_from(Duration::from_secs(1).as_millis() / TICK.as_millis())?;
    let mut running = JoinSet::new();
    let client = Arc::new(client.clone());
    let mut sent = 0;
    while sent < count {
        ticks.tick().await;
        for _ in 0..each {
            let (client, number) = (Arc::clone(&client), usize::try_from(sent)?);
            // Every pod gets ready and fails in turn, some at any time.
            let up = (number / PODS).is_multiple_of(2);
            running.spawn(async move { ready(&client, number % PODS, up).await });
            sent += 1;
        }
        // The server may be slower than the rate: no more than a second's worth is on its way.
        while running.len() > RATE as usize {
            running.join_next().await.ok_or("nothing was sent")???;
        }
        while let Some(done) = running.try_join_next() {
            done??;
        }
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(f64::from(count) / began.elapsed().as_secs_f64())
}

/// Says that a pod is ready, or no more, as its kubelet would.
async fn ready(client: &Client, number: usize, up: bool) -> Result<(), Failed> {
    let pods = Api::<DynamicObject>::namespaced_with(client.clone(), MODULE, &crowd::pods());
    let status = json!({ "status": {
        "phase": "Running",
        "startTime": "2026-01-01T00:00:00Z",
        "conditions": [{
            "type": "Ready",
            "status": if up { "True" } else { "False" },
            "lastTransitionTime": "2026-01-01T00:00:01Z",
        }],
    }});
    let name = crowd::pod_name(number);
    pods.patch_status(&name, &PatchParams::default(), &Patch::Merge(status))
        .await?;
    Ok(())
}
