//! The process that draws the page crashes in the middle of a release. The driver sees nothing of the
//! window after that: eyes, hands and the desktop's own notices do.

use std::time::Duration;

use acceptance::desktop::{DesktopFailure, Drawing, Parts, Screen, WindowId, until};
use acceptance::folders;
use acceptance::play::Play;
use acceptance::window::LIMITS;

use crate::desk::{Desk, Said};

/// Crashes within a minute after which the window asks before it draws again.
const AT_MOST: usize = 3;

/// The thread that draws through OpenGL: the last fifteen bytes of its name.
const COMPOSITOR: &str = "eadedCompositor";

/// Title of the desktop's question.
const QUESTION: &str = "无法显示窗口";

/// Ground of a failure that is told, in light.
const TOLD: u32 = 0x00fb_e2df;
/// Pixels of it that are a note and not something small.
const NOTE: usize = 10_000;

/// Longer than the way back has to be held.
const HELD: Duration = Duration::from_millis(1500);

#[tokio::test]
async fn a_window_whose_drawing_process_crashes_comes_back_and_the_release_goes_on() {
    // Through OpenGL, for it is its drivers that crash.
    let parts = Parts {
        drawing: Drawing::Graphics,
        ..Parts::ALL
    };
    let Some(desk) = Desk::with("redraw", parts).await else {
        return;
    };
    let mut play = Play::new(desk.window().await);
    play.window().theme("light").await.said();
    let (_, module) = play.first_rollout().await.said();
    // No hand could press it later: the page that comes back has no driver.
    play.confirm_seen().await.said();

    let screen = desk.desktop.screen();
    let daemon = desk.desktop.notifications().unwrap();
    let program = play.window().process();
    let before = play.window().drawing_threads();
    assert!(
        before.iter().any(|thread| thread == COMPOSITOR),
        "{before:?}"
    );
    play.window().crash_drawing().await.said();
    note(screen).await;
    // And not by the same way again.
    let after = play.window().drawing_threads();
    assert!(
        !after.iter().any(|thread| thread == COMPOSITOR),
        "{after:?}"
    );
    daemon
        .wait_for(|one| one.summary.ends_with("上线完成") && one.body.contains(module))
        .await
        .said();
    let folder = folders::evidence("redraw-seen");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("told.png"), screen.pixels().png().said()).unwrap();
    // What is on the screen is no picture: the keys for the way back work in it.
    let window = named(screen, "Pilothouse").await;
    screen.hold(window, &["ctrl", "BackSpace"], HELD).said();
    daemon
        .wait_for(|one| one.summary.ends_with("已回滚，旧版本健康"))
        .await
        .said();

    // Again and again: then it is in the page, and the desktop asks. On a busy machine the first crash
    // may be longer ago than what counts.
    let mut crashes = 1;
    let dialog = loop {
        play.window().crash_drawing().await.said();
        crashes += 1;
        if let Some(dialog) = asked_or_note(screen, false).await {
            break dialog;
        }
        if let Some(dialog) = asked_or_note(screen, true).await {
            break dialog;
        }
        assert!(
            crashes < 2 * AT_MOST,
            "nothing asks after {crashes} crashes"
        );
    };
    assert!(crashes > AT_MOST, "asked after {crashes} crashes");
    std::fs::write(folder.join("asked.png"), screen.pixels().png().said()).unwrap();
    screen.hold(dialog, &["Return"], Duration::ZERO).said();
    note(screen).await;
    assert_eq!(play.window().process(), program);

    // Nothing was cut off for the program: the next start has nothing to go on with.
    play.into_window().kill().said();
    let play = Play::new(desk.window().await);
    play.window().wait_for("way-back-state").await.said();
    assert!(!play.window().shows("interrupted-found").await.said());
}

#[tokio::test]
async fn a_window_that_is_to_be_drawn_plainly_never_touches_the_graphics_driver() {
    let Some(desk) = Desk::with("plain", Parts::PLAIN).await else {
        return;
    };
    let play = Play::new(desk.window().await);
    play.window().wait_for("app").await.said();
    let threads = play.window().drawing_threads();
    assert!(!threads.is_empty());
    assert!(
        !threads.iter().any(|thread| thread == COMPOSITOR),
        "{threads:?}"
    );
}

/// Waits until the screen shows that something is told.
async fn note(screen: &Screen) {
    let told = until(LIMITS.open, async || {
        Ok::<_, DesktopFailure>((screen.pixels().of(TOLD)? >= NOTE).then_some(()))
    });
    told.await.said().expect("the page to tell of the crash");
}

/// Waits until the desktop asks, or, without it, until the note is as wanted.
async fn asked_or_note(screen: &Screen, wanted: bool) -> Option<WindowId> {
    let seen = until(LIMITS.open, async || {
        let asked = screen.windows(QUESTION)?.first().copied();
        let told = screen.pixels().of(TOLD)? >= NOTE;
        Ok::<_, DesktopFailure>((asked.is_some() || told == wanted).then_some(asked))
    });
    seen.await.said().expect("a page, or a question")
}

/// Waits for a window by its title.
async fn named(screen: &Screen, title: &str) -> WindowId {
    let found = until(LIMITS.open, async || {
        Ok::<_, DesktopFailure>(screen.windows(title)?.first().copied())
    });
    found.await.said().expect(title)
}
