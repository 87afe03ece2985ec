//! Two programs on one data folder.

use acceptance::window::LIMITS;

use crate::desk::{Desk, Said};

#[tokio::test]
async fn a_second_program_on_the_same_data_folder_says_that_it_is_in_use() {
    let Some(desk) = Desk::set_up("twice").await else {
        return;
    };
    let first = desk.window().await;
    first.wait_for("open-example").await.said();
    let second = desk.window().await;
    assert_eq!(
        second.failure_code("start-failure").await.said(),
        "ledgerInUse"
    );
    assert!(!second.shows("open-example").await.said());
    // The first one goes on.
    first.press("nav-audit").await.said();
    first.wait_for("screen-audit").await.said();
    // And when it has ended, the second one can have the folder.
    first.close().await.said();
    second.press("start-retry").await.said();
    second
        .wait_for_within("open-example", LIMITS.work)
        .await
        .said();
}
