//! A data folder that cannot be made.

use crate::desk::{Desk, Said};

#[tokio::test]
async fn a_data_folder_that_cannot_be_made_is_told_in_the_window_and_can_be_mended() {
    let Some(desk) = Desk::set_up("folder").await else {
        return;
    };
    // Nobody makes a folder where a file is, whatever rights they have.
    let folder = desk.data_folder();
    std::fs::write(&folder, "somebody's notes").unwrap();
    let window = desk.window().await;
    assert_eq!(
        window.failure_code("start-failure").await.said(),
        "ledgerUnwritable"
    );
    assert_eq!(
        std::fs::read_to_string(&folder).unwrap(),
        "somebody's notes"
    );
    std::fs::remove_file(&folder).unwrap();
    window.press("start-retry").await.said();
    window.wait_for("open-example").await.said();
    assert!(folder.join("ledger.sqlite").is_file());
}
