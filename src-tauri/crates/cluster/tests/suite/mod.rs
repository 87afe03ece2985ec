//! Checks that hold on every cluster, the rehearsal one and a real one. Each has a name of its own in
//! the namespace, so that they can run one after another on the same cluster.

mod bench;
mod identities;
pub mod rollouts;
mod writes;

pub use bench::*;

pub async fn everything(bench: &Bench) {
    identities::identity_is_pinned(bench).await;
    identities::it_says_who_it_is(bench).await;
    writes::an_object_is_created_once(bench).await;
    writes::what_the_manifest_drops_goes(bench).await;
    writes::a_change_since_the_diff_keeps_it_from_being_sent(bench).await;
    writes::fields_of_others_are_taken_over_only_when_agreed(bench).await;
    writes::a_refused_manifest_says_why(bench).await;
    writes::secrets_stay_masked(bench).await;
    writes::an_object_is_removed_and_restored(bench).await;
    identities::an_unknown_kind_is_said(bench).await;
    writes::read_back_knows_what_was_applied(bench).await;
    rollouts::a_rollout_is_paused_goes_on_and_is_seen(bench).await;
}
