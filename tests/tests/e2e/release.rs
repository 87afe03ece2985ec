//! The example release from the first start to 北京 prod, and back, with the keyboard alone, and with
//! axe on every screen.

use acceptance::desktop::{LIMITS, Shown, until};
use acceptance::play::{Play, example};

use crate::desk::{Desk, Said};

#[tokio::test]
async fn the_example_release_reaches_the_last_production_and_goes_back() {
    let Some(desk) = Desk::set_up("release").await else {
        return;
    };
    let window = desk.window().await;
    window.use_keyboard();
    let mut play = Play::with_eyes(window);
    play.whole_release().await.said();

    let daemon = desk.desktop.notifications().unwrap();
    let done = |place: &str| format!("{place} · 上线完成");
    let last = daemon
        .wait_for(|one| one.summary == done("北京 prod") && one.body.contains("fission-agent"))
        .await
        .said();
    assert!(last.actions.contains(&"default".to_owned()), "{last:?}");
    // Every module in every environment was told of once.
    let told = daemon
        .shown()
        .into_iter()
        // In either language: the eyes turn it now and then.
        .filter(|one| {
            one.summary.ends_with("上线完成") || one.summary.ends_with("Rollout completed")
        })
        .count();
    assert_eq!(told, 15);

    click_brings_the_window_forward(&desk).await;

    let place = &example::STOPS[2].environments[0];
    play.roll_back(place).await.said();
    let went_back = |one: &Shown| {
        one.summary == "北京 prod · 已回滚，旧版本健康"
            || one.summary == "Beijing prod · Rolled back; the old version is healthy"
    };
    daemon.wait_for(went_back).await.said();
    play.upgrade_record().await.said();
    play.export_audit(desk.desktop.folder()).await.said();
    let eyes = play.eyes().expect("eyes");
    println!("axe looked {} times: {:#?}", eyes.looks(), eyes.wrong());
    let unseen = play.window().unseen_focus();
    assert_eq!(unseen, Vec::<String>::new(), "focus that is not seen");
    assert!(eyes.looks() > 40, "{} looks", eyes.looks());
    assert!(eyes.wrong().is_empty(), "{:#?}", eyes.wrong());

    let log = std::fs::read_to_string(desk.desktop.folder().join("record.jsonl")).unwrap();
    for kind in [
        "gateOpened",
        "modulePassed",
        "wayBackDone",
        "releaseFinished",
    ] {
        assert!(log.contains(kind), "{kind} is not in the exported log");
    }
    assert!(log.lines().count() > 150, "{} lines", log.lines().count());
}

/// Nothing has the keyboard; a hand clicks the notification; then the window has it.
async fn click_brings_the_window_forward(desk: &Desk) {
    let screen = desk.desktop.screen();
    let window = *screen
        .windows("^Pilothouse")
        .unwrap()
        .last()
        .expect("the window");
    screen.unfocus().said();
    assert_ne!(screen.focused().unwrap(), Some(window));
    let popup = *screen
        .windows("^Dunst$")
        .unwrap()
        .first()
        .expect("the notification");
    screen.click(popup).said();
    let forward = until(LIMITS.ready, async || {
        Ok::<_, acceptance::desktop::DesktopFailure>(
            (screen.focused()? == Some(window)).then_some(()),
        )
    });
    assert!(
        forward.await.said().is_some(),
        "the window did not come forward: {:?}",
        screen.focused()
    );
}
