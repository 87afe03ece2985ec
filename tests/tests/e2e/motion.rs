//! Whoever told the desktop to keep still is shown nothing that moves.

use acceptance::folders;
use acceptance::window::{LIMITS, Window};

use crate::desk::{Desk, Said};

/// While the example opens, its button says that it is busy: what moves then, and whether it may.
const MOVES: &str = "if (!document.querySelector('[data-testid=open-example][aria-busy=true]')) return null;\
    return [matchMedia('(prefers-reduced-motion: reduce)').matches, document.getAnimations().length]";

async fn opening_the_example(desk: &Desk, name: &str) -> (bool, u64) {
    let data = desk.desktop.folder().join(name);
    let evidence = folders::evidence("motion").join(name);
    let window = Window::open(&desk.desktop, &data, &evidence).await.said();
    window.press("open-example").await.said();
    let looked = window.eventually("the example to be opened", LIMITS.step, async || {
        let seen = window.script(MOVES, vec![]).await?;
        Ok(serde_json::from_value(seen).ok())
    });
    let seen = looked.await.said();
    window.close().await.said();
    seen
}

#[tokio::test]
async fn nothing_moves_where_the_desktop_keeps_still() {
    let Some(desk) = Desk::set_up("motion").await else {
        return;
    };
    let (reduced, moving) = opening_the_example(&desk, "moving").await;
    assert!(!reduced);
    assert!(
        moving > 0,
        "nothing moved where it may: nothing is shown by this"
    );

    desk.desktop.keep_still().said();
    assert_eq!(opening_the_example(&desk, "still").await, (true, 0));
}
