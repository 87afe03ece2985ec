//! The window is closed while a rollout or a rollback is under way.

use std::time::Duration;

use acceptance::desktop::{DesktopFailure, Screen, WindowId, until};
use acceptance::folders;
use acceptance::play::{Play, example};
use acceptance::window::LIMITS;

use crate::desk::{Desk, Said};

/// Title of the desktop's own question.
const QUESTION: &str = "有上线或回滚正在进行";

#[tokio::test]
async fn closing_asks_while_a_rollout_runs_and_what_was_stopped_after_a_step_goes_on_later() {
    let Some(desk) = Desk::set_up("closing").await else {
        return;
    };
    let screen = desk.desktop.screen();
    let mut play = Play::new(desk.window().await);
    // Nothing goes on: the window closes as any other.
    screen
        .ask_to_close(named(screen, "^Pilothouse").await)
        .said();
    play.window().wait_ended(LIMITS.step).await.said();
    drop(play);

    play = Play::new(desk.window().await);
    let (place, module) = play.first_rollout().await.said();
    let window = named(screen, "^Pilothouse").await;
    let program = play.window().process();

    // Stay: everything is as it was.
    screen.ask_to_close(window).said();
    play.window().wait_for("closing-dialog").await.said();
    let seen = folders::evidence("closing-seen");
    std::fs::create_dir_all(&seen).unwrap();
    std::fs::write(seen.join("asked.png"), screen.pixels().png().said()).unwrap();
    play.window().press("closing-stay").await.said();
    play.window()
        .wait_gone("closing-dialog", LIMITS.step)
        .await
        .said();
    assert_eq!(play.window().process(), program);

    // Stop after this step: it ends by itself, and the next start offers to go on.
    screen.ask_to_close(window).said();
    play.window().wait_for("closing-dialog").await.said();
    // The program may be gone before the driver has said that the button was pressed.
    let _ = play.window().press("closing-stop").await;
    play.window().wait_ended(LIMITS.work).await.said();
    drop(play);
    let mut play = Play::new(desk.window().await);
    play.continue_interrupted(place).await.said();
    play.watch(module, |status| status == "passed").await.said();

    // Keep running: it goes on behind the window.
    let second = example::MODULES[1];
    play.arm(place, second).await.said();
    play.start(place, second).await.said();
    let window = named(screen, "^Pilothouse").await;
    screen.ask_to_close(window).said();
    play.window().press("closing-keep").await.said();
    let daemon = desk.desktop.notifications().unwrap();
    daemon
        .wait_for(|one| one.summary.ends_with("上线完成") && one.body.contains(second))
        .await
        .said();
    assert!(play.window().process().is_some());
}

#[tokio::test]
async fn a_page_that_hangs_is_not_needed_for_the_question() {
    let Some(desk) = Desk::set_up("closing-hung").await else {
        return;
    };
    let screen = desk.desktop.screen();
    let mut play = Play::new(desk.window().await);
    play.first_rollout().await.said();
    let window = named(screen, "^Pilothouse").await;
    play.window().hang_drawing(true).said();
    screen.ask_to_close(window).said();
    let question = named(screen, QUESTION).await;
    let seen = folders::evidence("closing-hung-seen");
    std::fs::create_dir_all(&seen).unwrap();
    std::fs::write(seen.join("asked.png"), screen.pixels().png().said()).unwrap();
    // What is chosen without a thought changes nothing.
    screen.hold(question, &["Return"], Duration::ZERO).said();
    gone(screen, QUESTION).await;
    assert!(play.window().process().is_some());
    play.window().hang_drawing(false).said();
    // It is there again, and takes the next question itself.
    screen.ask_to_close(window).said();
    play.window().wait_for("closing-dialog").await.said();
}

/// Waits for a window by its title.
async fn named(screen: &Screen, title: &str) -> WindowId {
    let found = until(LIMITS.open, async || {
        Ok::<_, DesktopFailure>(screen.windows(title)?.last().copied())
    });
    found.await.said().expect(title)
}

/// Waits until no window has the title.
async fn gone(screen: &Screen, title: &str) {
    let gone = until(LIMITS.step, async || {
        Ok::<_, DesktopFailure>(screen.windows(title)?.is_empty().then_some(()))
    });
    gone.await.said().expect("the question to go");
}
