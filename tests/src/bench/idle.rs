//! What the program takes while nothing happens.

use std::time::{Duration, Instant};

use super::process::Tree;
use super::{Failed, Figure, Goal, Report, site};
use crate::desktop::Desktop;
use crate::play::Play;

/// How long it is left alone before it is looked at, and how long it is looked at.
const CALM: Duration = Duration::from_secs(15);
const LOOK: Duration = Duration::from_secs(60);

/// Measures on a desktop of its own: the example with its three clusters, which run in the program.
///
/// # Errors
/// When the program does not open.
pub async fn measure(report: &mut Report) -> Result<(), Failed> {
    println!("\nidle, three clusters bound");
    let desktop = Desktop::start().await?;
    let mut play = Play::new(site::window(&desktop).await?);
    play.first_start().await?;
    play.create_keys().await?;
    play.create_release().await?;
    for (screen, shows) in [
        ("releases", "releases"),
        ("overview", "overview"),
        ("rollout", "screen-rollout"),
    ] {
        play.window().press(&format!("nav-{screen}")).await?;
        play.window().wait_for(shows).await?;
        let tree = Tree::of(play.window().process().ok_or("the program runs no more")?);
        tokio::time::sleep(CALM).await;
        let (before, began) = (tree.processor(), Instant::now());
        tokio::time::sleep(LOOK).await;
        let took = tree.processor().saturating_sub(before);
        report.add(Figure {
            what: format!("idle on “{screen}”, all processes"),
            ours: 100.0 * took.as_secs_f64() / began.elapsed().as_secs_f64(),
            against: None,
            unit: "% of a core",
            goal: Goal::AtMost(1.0),
        });
        report.add(Figure {
            what: format!("memory on “{screen}”, all processes (PSS)"),
            ours: tree.memory(),
            against: None,
            unit: "MB",
            goal: Goal::Told,
        });
    }
    Ok(play.into_window().close().await?)
}
