//! What a Kubernetes API server does, asked of the rehearsal and of a real one with the same words.
//! The real one is right; where the rehearsal differs on purpose, [`DIFFERENCES`] says so.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod access;
mod applies;
mod case;
mod kubectl;
mod objects;
mod rollouts;
mod watches;
mod workloads;
mod writes;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use acceptance::world::{Ground, Site};
use controlplane::{Behaviour, ControlPlane, Image, Options, runnable};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use rehearsal::{ClusterSpec, Fault, Pace};

use case::Case;

/// Checks that the rehearsal is known to fail, with the words its README uses for it. One that
/// begins to hold there has to be taken out of here and out of the README.
const DIFFERENCES: &[(&str, &str)] = &[
    ("access::nobody_is_anonymous", "Nobody is anonymous"),
    (
        "objects::an_unknown_group_is_plain_text",
        "A path below an unknown group",
    ),
    (
        "objects::unknown_field_selectors_are_refused",
        "Field selectors take any path",
    ),
    (
        "writes::an_address_never_changes",
        "a Service's address can be changed",
    ),
    (
        "kubectl::generators_of_built_in_kinds_work",
        "kubectl's generators for built-in kinds",
    ),
    (
        "kubectl::kubectl_says_what_one_may_do",
        "`kubectl auth can-i`",
    ),
    (
        "kubectl::explain_knows_the_fields",
        "`kubectl explain` has nothing to say",
    ),
    (
        "kubectl::undo_of_a_stateful_set_goes_back",
        "no ControllerRevisions",
    ),
    ("kubectl::a_command_runs_in_a_container", "no exec"),
    (
        "objects::pages_show_one_moment",
        "A paged list shows the present",
    ),
    (
        "workloads::scaling_during_an_update_is_proportional",
        "is not proportional",
    ),
];

/// Checks at once. Each has a namespace of its own; a real node has two cores.
const AT_ONCE: usize = 6;

/// For one check. A rollout that hangs on purpose takes some seconds.
const PATIENCE: Duration = Duration::from_secs(90);

type Check = (&'static str, fn(Arc<Case>) -> BoxFuture<'static, ()>);

macro_rules! checks {
    ($($module:ident: $($name:ident)*;)*) => {
        const CHECKS: &[Check] = &[$($((
            concat!(stringify!($module), "::", stringify!($name)),
            |case| Box::pin(async move { $module::$name(&case).await }),
        ),)*)*];
    };
}

checks! {
    workloads:
        a_missed_deadline_is_told an_image_that_cannot_be_pulled_is_told a_crash_loop_is_told
        a_rolling_update_keeps_the_minimum_and_counts scaling_during_an_update_is_proportional
        a_lost_pod_comes_back deleting_a_deployment_takes_everything_along
        a_slow_start_is_waited_for recreate_ends_the_old_before_the_new;
    rollouts:
        revisions_and_labels_tie_everything_together events_name_what_happened
        an_old_template_takes_its_old_replica_set a_paused_deployment_starts_nothing
        scale_changes_the_number_only endpoints_are_the_ready_pods logs_come_as_text
        old_replica_sets_are_forgotten;
    kubectl:
        a_release_by_hand waiting_and_looking tables_have_kubectls_columns
        generators_of_built_in_kinds_work kubectl_says_what_one_may_do explain_knows_the_fields
        undo_of_a_stateful_set_goes_back a_command_runs_in_a_container;
    watches:
        a_watch_goes_on_from_a_list a_streaming_list_says_where_it_ends
        a_bookmark_carries_only_the_revision a_revision_out_of_the_window_is_410
        a_revision_of_the_future_is_504 a_selector_turns_changes_into_deletions;
    objects:
        an_object_lives_and_dies what_exists_cannot_be_created names_are_made
        selectors_choose pages_follow_each_other pages_show_one_moment
        a_namespace_has_to_be_there what_is_invalid_says_where finalizers_hold_an_object
        what_is_owned_goes_with_its_owner what_does_not_exist_is_404 methods_and_media_types_are_checked
        groups_and_resources_are_listed secrets_are_base64 immutable_maps_stay
        unknown_field_selectors_are_refused an_unknown_group_is_plain_text;
    applies:
        apply_creates_once apply_conflicts_name_owner_and_field
        apply_conflicts_with_an_update_say_which force_takes_over_and_what_is_dropped_goes
        shared_fields_stay_with_the_other apply_parameters_are_checked
        a_dry_run_is_the_write_that_follows a_dry_run_of_a_change_is_the_change
        custom_resources_are_applied;
    writes:
        preconditions_are_checked a_failed_test_changes_nothing
        strict_validation_names_the_field deployments_are_defaulted services_are_defaulted
        an_address_never_changes a_selector_never_changes labels_have_to_match
        generations_count_the_spec merges_are_of_their_kind
        the_status_is_not_written_with_the_spec;
    access:
        a_wrong_token_is_401 nobody_is_anonymous a_refusal_names_verb_and_resource
        the_review_says_what_the_server_does the_server_says_who_one_is versions_and_health_are_open;
}

pub const REGISTRY: &str = "pilothouse.example/conformance";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rehearsal_is_like_a_real_cluster() {
    let mut spec = ClusterSpec::new("conformance", 7);
    spec.pace = Pace::instant();
    spec.faults = vec![
        Fault::CrashLoop {
            image_contains: "conformance:exits".into(),
        },
        Fault::ImagePull {
            image_contains: "conformance:missing".into(),
        },
        Fault::SlowStart {
            image_contains: "conformance:hangs".into(),
            extra: Duration::from_secs(3600),
        },
        Fault::SlowStart {
            image_contains: "conformance:slow".into(),
            extra: Duration::from_secs(2),
        },
    ];
    let site = Arc::new(Site::rehearsal(spec, "conformance").await);
    let failed = suite(&site).await;
    let known: BTreeMap<_, _> = DIFFERENCES.iter().copied().collect();
    let mut wrong = Vec::new();
    for (name, why) in &failed {
        if !known.contains_key(name) {
            wrong.push(format!("{name} differs from a real cluster:\n{why}"));
        }
    }
    for name in known.keys().filter(|name| !failed.contains_key(*name)) {
        wrong.push(format!("{name} is listed as a difference and holds"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_cluster_is_what_this_suite_says() {
    if !runnable(1) {
        return;
    }
    let image = |tag: &str, behaviour| Image::new(format!("{REGISTRY}:{tag}"), behaviour);
    let serves = |version: &str| Behaviour::Serves {
        version: version.into(),
    };
    let options = Options::named("conformance").with_images([
        image("1", serves("1")),
        image("2", serves("2")),
        image("exits", Behaviour::Exits { code: 1 }),
        image(
            "hangs",
            Behaviour::NeverHealthy {
                version: "hangs".into(),
            },
        ),
        image(
            "slow",
            Behaviour::ServesAfter {
                version: "slow".into(),
                seconds: 2,
            },
        ),
    ]);
    let plane = tokio::task::spawn_blocking(|| ControlPlane::start(options))
        .await
        .unwrap()
        .unwrap();
    let site = Arc::new(Site::real(plane));
    let failed = suite(&site).await;
    Arc::into_inner(site).expect("nobody else").end().await;
    let told: Vec<String> = failed
        .iter()
        .map(|(name, why)| format!("{name}:\n{why}"))
        .collect();
    assert!(told.is_empty(), "{}", told.join("\n\n"));
}

#[test]
fn the_readme_lists_every_difference() {
    let readme = include_str!("../../../src-tauri/crates/rehearsal/README.md");
    for (name, words) in DIFFERENCES {
        assert!(
            CHECKS.iter().any(|(check, _)| check == name),
            "no check {name}"
        );
        assert!(readme.contains(words), "{words:?} is not in the README");
    }
}

/// Runs every check; those that failed, with why.
async fn suite(site: &Arc<Site>) -> BTreeMap<&'static str, String> {
    let began = Instant::now();
    case::install_definitions(site).await;
    let chosen = std::env::var("CONFORMANCE").unwrap_or_default();
    let chosen: Vec<&Check> = CHECKS
        .iter()
        .filter(|(name, _)| name.contains(&chosen))
        .collect();
    let count = chosen.len();
    let results: Vec<_> = stream::iter(chosen.into_iter().enumerate())
        .map(|(number, (name, check))| {
            let site = site.clone();
            async move {
                let case = Arc::new(Case::new(site, number).await);
                let began = Instant::now();
                // A task of its own, so that a panic ends one check only.
                let running = tokio::spawn(AssertUnwindSafe(check(case.clone())).catch_unwind());
                let abort = running.abort_handle();
                let failed = match tokio::time::timeout(PATIENCE, running).await {
                    Ok(Ok(Ok(()))) => None,
                    Ok(Ok(Err(panic))) => Some(words(panic.as_ref())),
                    Ok(Err(broken)) => Some(broken.to_string()),
                    Err(_) => {
                        abort.abort();
                        Some(format!("not over after {PATIENCE:?}"))
                    }
                };
                case.forget().await;
                (*name, failed, began.elapsed())
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut slowest: Vec<_> = results.iter().map(|(name, _, took)| (took, name)).collect();
    slowest.sort();
    let slowest: Vec<_> = slowest
        .iter()
        .rev()
        .take(3)
        .map(|(took, name)| format!("{name} {took:.1?}"))
        .collect();
    let failed: BTreeMap<_, _> = results
        .into_iter()
        .filter_map(|(name, why, _)| Some((name, why?)))
        .collect();
    println!(
        "{:?}: {count} checks, {} hold, in {:.1?}; slowest: {}",
        site.ground(),
        count - failed.len(),
        began.elapsed(),
        slowest.join(", ")
    );
    if site.ground() == Ground::Rehearsal {
        for name in failed.keys() {
            println!("  differs: {name}");
        }
    }
    failed
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
        (Some(text), _) => text.clone(),
        (None, Some(text)) => (*text).to_owned(),
        (None, None) => "a panic without words".to_owned(),
    }
}
