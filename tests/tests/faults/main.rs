//! What goes wrong with real clusters: API servers that die, stores that hang, networks that lose
//! requests, webhooks, quotas, rights, other people, another cluster behind the same name. Each story
//! says what the operator sees, what is really on the cluster (by kubectl), that nothing was done twice
//! (by the API server's own audit log), and that the way back works.
//!
//! `PILOTHOUSE_FAULT_ROUNDS=n` plays all of it n times, the random moments anew each time;
//! `FAULTS=text,text` only the stories with one of these texts in their names.
//!
//! Skipped loudly where clusters cannot run.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod admission;
mod given;
mod ground;
mod identity;
mod nodes;
mod others;
mod quota;
mod rights;
mod server;
mod status;
mod store;
mod story;
mod then;
mod watches;
mod wire;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use acceptance::variables::number;
use controlplane::runnable;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};

use ground::{Ground, Grounds};

/// For one story; a broken one ends then.
const PATIENCE: Duration = Duration::from_secs(180);

type Play = fn(Arc<Ground>) -> BoxFuture<'static, ()>;

macro_rules! stories {
    ($($module:ident: $($name:ident)*;)*) => {
        const STORIES: &[(&str, Play)] = &[$($((
            concat!(stringify!($module), "::", stringify!($name)),
            |ground| Box::pin($module::$name(ground)),
        ),)*)*];
    };
}

stories! {
    server:
        killed_before_the_diff killed_between_intent_and_send
        killed_while_the_request_is_in_flight killed_after_it_was_carried_out
        killed_at_a_random_moment killed_during_the_rollout killed_during_the_way_back;
    store:
        hangs_for_a_moment hangs_until_the_api_server_gives_up hangs_during_the_rollout;
    wire:
        an_answer_is_lost a_request_is_lost an_answer_is_late a_request_is_late
        a_request_is_later_than_the_way_back everything_is_cut_off_during_the_rollout
        a_gateway_answers;
    nodes:
        the_kubelet_stays_away the_kubelet_is_away_for_a_while;
    admission:
        a_webhook_refuses a_webhook_refuses_the_way_back a_webhook_would_refuse_the_way_back
        a_webhook_changes_what_is_written
        a_webhook_cannot_be_asked a_webhook_that_may_be_ignored_is_silent;
    quota:
        a_quota_is_used_up;
    rights:
        all_rights_go_during_the_rollout the_right_to_write_goes the_token_is_revoked
        priority_and_fairness_says_429;
    others:
        the_fields_are_somebody_elses somebody_edits_before_the_write
        the_object_moves_under_the_write somebody_edits_under_the_write
        somebody_scales_during_the_rollout somebody_sets_another_image_during_the_rollout
        somebody_applies_the_configuration_during_the_rollout
        a_definition_is_missing_before_the_diff a_definition_is_deleted_before_the_write;
    status:
        a_job_fails somebody_pauses_the_rollout a_partition_keeps_old_pods
        a_partition_of_somebody_else;
    identity:
        two_clusters_are_behind_one_name the_authority_is_exchanged;
    watches:
        a_watch_expires_during_the_rollout events_come_by_the_hundreds;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_of_real_clusters() {
    if !runnable(STORIES.len()) {
        return;
    }
    let began = Instant::now();
    let wanted = std::env::var("FAULTS").unwrap_or_default();
    let rounds: usize = number("PILOTHOUSE_FAULT_ROUNDS").unwrap_or(1);
    let chosen: Vec<_> = STORIES
        .iter()
        .filter(|(name, _)| wanted.split(',').any(|text| name.contains(text)))
        .collect();
    let grounds = Arc::new(Grounds::prepare().await);
    println!("clusters ready after {:.1?}", began.elapsed());
    let plays = (0..rounds).flat_map(|round| chosen.iter().map(move |story| (round, *story)));
    let failed: Vec<String> = stream::iter(plays)
        .map(|(round, (name, play))| {
            let grounds = grounds.clone();
            async move {
                let ground = Arc::new(grounds.take().await);
                let began = Instant::now();
                let why = play_out(*play, ground.clone()).await;
                println!(
                    "{name}{}: {} in {:.1?}",
                    if rounds > 1 {
                        format!(" (round {})", round + 1)
                    } else {
                        String::new()
                    },
                    if why.is_none() { "holds" } else { "FAILED" },
                    began.elapsed()
                );
                grounds.give_back(ground, why.is_none()).await;
                why.map(|why| format!("{name}:\n{why}"))
            }
        })
        .buffer_unordered(ground::AT_ONCE)
        .filter_map(|failed| async { failed })
        .collect()
        .await;
    let count = chosen.len() * rounds;
    println!(
        "{count} stories on real clusters, {} failed, in {:.1?}",
        failed.len(),
        began.elapsed()
    );
    Arc::into_inner(grounds).expect("nobody else").end().await;
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// Plays a story in a task of its own, so that a panic ends it only; why it failed, if it did.
async fn play_out(play: Play, ground: Arc<Ground>) -> Option<String> {
    let playing = tokio::spawn(AssertUnwindSafe(play(ground)).catch_unwind());
    let abort = playing.abort_handle();
    match tokio::time::timeout(PATIENCE, playing).await {
        Ok(Ok(Ok(()))) => None,
        Ok(Ok(Err(panic))) => Some(words(panic.as_ref())),
        Ok(Err(broken)) => Some(broken.to_string()),
        Err(_) => {
            abort.abort();
            Some(format!("not over after {PATIENCE:?}"))
        }
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
        (Some(text), _) => text.clone(),
        (None, Some(text)) => (*text).to_owned(),
        (None, None) => "a panic without words".to_owned(),
    }
}
