//! The one list of what the window may call and hear. Its TypeScript is written by the test below
//! and checked in, so that window and program cannot drift apart.

use serde::{Deserialize, Serialize};
use specta::Type;
use tauri_specta::{Builder, ErrorHandlingMode, Event, collect_commands, collect_events};

use crate::commands::{
    changes, closing, clusters, data, documents, gates, ledger, logs, paths, people, releases,
    rollouts, start,
};

/// Something that the window shows has changed; it reads it again.
#[derive(Clone, Debug, Serialize, Deserialize, Type, Event)]
#[tauri_specta(event_name = "changed")]
pub struct ChangedEvent(pub contract::Changed);

/// Commands and events.
pub fn builder() -> Builder<tauri::Wry> {
    Builder::new()
        .error_handling(ErrorHandlingMode::Throw)
        // Nothing here is written one way and read another.
        .disable_serde_phases()
        .commands(collect_commands![
            start::start,
            start::preferences_view,
            start::preferences_set,
            start::workspace_open,
            start::workspace_open_example,
            start::workspace_view,
            start::work_cancel,
            start::help_ask,
            data::data_back_up,
            data::data_restore,
            paths::path_choose,
            people::seat_take,
            people::seat_leave,
            people::seat_touch,
            people::key_register,
            people::key_unlock,
            people::key_lock,
            clusters::kubeconfig_offers,
            clusters::kubeconfig_preview,
            clusters::contexts_import,
            clusters::contexts_list,
            clusters::context_forget,
            clusters::plugin_allow,
            clusters::certificate_presented,
            clusters::certificate_pin,
            clusters::environment_probe,
            clusters::environment_bind,
            clusters::permissions_check,
            clusters::environment_select,
            clusters::banner_view,
            clusters::identity_verify,
            releases::release_draft,
            releases::release_create,
            releases::release_view,
            releases::release_cancel,
            releases::release_finish,
            documents::document_open,
            gates::checklist_view,
            gates::tick,
            gates::item_probe,
            gates::waive,
            gates::waiver_ask,
            gates::vote,
            gates::gate_open,
            changes::changes_run,
            changes::changes_view,
            changes::changes_review,
            changes::change_declare,
            changes::backup_take,
            rollouts::arm,
            rollouts::disarm,
            rollouts::rollout_start,
            rollouts::rollout_pause,
            rollouts::rollout_resume,
            rollouts::rollout_lift_pause,
            rollouts::rollout_confirm_seen,
            rollouts::rollout_stop,
            rollouts::rollout_view,
            rollouts::way_back,
            rollouts::rollback_preview,
            rollouts::interrupted_view,
            rollouts::interrupted_continue,
            logs::logs_open,
            logs::logs_acknowledge,
            logs::logs_close,
            ledger::ledger_page,
            ledger::ledger_detail,
            ledger::chain_view,
            ledger::ledger_verify,
            ledger::ledger_export,
            ledger::upgrade_record,
            ledger::notifications_list,
            ledger::notifications_read,
            closing::closing_view,
            closing::closing_answer,
        ])
        .events(collect_events![ChangedEvent])
        .constant("ZOOM_STEPS", contract::Zoom::STEPS)
        .constant("LOCK_CHOICES", contract::Preferences::LOCK_CHOICES)
        // Codes among a failure's params: text to Rust, so that no command names their type.
        .typ::<contract::Problem>()
        .typ::<contract::Expected>()
        .typ::<contract::Thing>()
        .typ::<contract::Field>()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use std::path::Path;

    /// Writes `ui/src/ipc/bindings.ts` when asked to (`PILOTHOUSE_BLESS=1`), else compares.
    #[test]
    fn the_windows_types_are_the_programs() {
        let written = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/src/ipc/bindings.ts");
        let folder = tempfile::tempdir().unwrap();
        let fresh = folder.path().join("bindings.ts");
        super::builder()
            .export(specta_typescript::Typescript::default(), &fresh)
            .unwrap();
        let fresh = std::fs::read_to_string(fresh).unwrap();
        if std::env::var("PILOTHOUSE_BLESS").is_ok_and(|bless| bless == "1") {
            std::fs::write(&written, &fresh).unwrap();
        }
        let kept = std::fs::read_to_string(&written).unwrap_or_default();
        assert!(
            kept == fresh,
            "ui/src/ipc/bindings.ts is out of date: run with PILOTHOUSE_BLESS=1"
        );
    }
}
