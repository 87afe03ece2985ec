//! The program is killed in the middle of a rollout.

use acceptance::play::{Play, example};

use crate::desk::{Desk, Said};

#[tokio::test]
async fn a_rollout_that_was_cut_off_is_offered_and_goes_on() {
    let Some(desk) = Desk::set_up("restart").await else {
        return;
    };
    let mut play = Play::new(desk.window().await);
    let (place, module) = play.first_rollout().await.said();
    play.window().zoom(150).await.said();
    play.into_window().kill().said();

    let mut play = Play::new(desk.window().await);
    // As large as it was left, before anybody presses anything.
    play.window().wait_zoomed(150).await.said();
    play.window().zoom(100).await.said();
    play.continue_interrupted(place).await.said();
    play.watch(module, |status| status == "passed").await.said();
    // What comes after it goes as if nothing had been.
    play.roll_out(place, example::MODULES[1]).await.said();
    play.roll_back(place).await.said();
}
