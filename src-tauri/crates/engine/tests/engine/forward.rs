use std::time::Duration;

use domain::{Event, ModuleStatus, MutationVerb, NotificationKind, Refusal};
use engine::{EngineFailure, Waiting};

use crate::fakes::{Fate, binding, identity};
use crate::world::*;

const APPLIES: [&str; 4] = [
    "ConfigMap/faasapi-new",
    "ConfigMap/faasapi",
    "Secret/faasapi",
    "Deployment/faasapi",
];

fn labels(sent: &[(MutationVerb, String)]) -> Vec<&str> {
    sent.iter().map(|(_, label)| label.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_module_is_written_in_order_each_intent_durable_before_its_call() {
    let world = World::ready().await;
    world.start(&faasapi()).await;
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Passed);
    assert_eq!(labels(&world.cluster.sent()), APPLIES);
    assert_eq!(world.cluster.not_durable(), 0);
    assert_eq!(world.outcomes(), ["applied"; 4]);
    let notices = world.notifier.0.lock().unwrap();
    assert_eq!(notices.last().unwrap().kind, NotificationKind::Done);
}

#[tokio::test(start_paused = true)]
async fn the_body_of_a_secret_is_sealed_in_the_ledger_and_whole_on_the_cluster() {
    let world = World::ready().await;
    world.start(&faasapi()).await;
    world.until_idle().await;
    let live = world.cluster.object(&secret()).unwrap();
    assert_eq!(live.body, body(&secret(), "2.0"));
    let plain = serde_json::to_vec(&body(&secret(), "2.0")).unwrap();
    let digest = domain::Digest::of(&plain);
    assert!(world.engine.ledger().kept(&digest).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_read_back_and_never_sent_again() {
    let world = World::ready().await;
    world.cluster.fates([Fate::AnswerLost]);
    world.start(&faasapi()).await;
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Passed);
    assert_eq!(labels(&world.cluster.sent()), APPLIES);
    assert_eq!(world.outcomes()[..2], ["unknown", "applied"]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_request_is_read_back_twice_and_errs_without_being_sent_again() {
    let world = World::ready().await;
    world.cluster.fates([Fate::RequestLost]);
    world.start(&faasapi()).await;
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Errored);
    assert_eq!(world.cluster.sent().len(), 1);
    assert_eq!(world.cluster.read_backs(), 2);
    assert_eq!(world.outcomes(), ["unknown", "not applied"]);
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_stays_unknown_calls_for_the_person_then_errs_and_blocks_what_comes_next() {
    let world = World::ready().await;
    world.cluster.fates([Fate::Vanishes]);
    world.start(&faasapi()).await;
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Errored);
    assert!(world.state().pending.is_some());
    let kinds: Vec<_> = world
        .notifier
        .0
        .lock()
        .unwrap()
        .iter()
        .map(|n| n.kind)
        .collect();
    assert_eq!(
        kinds,
        [NotificationKind::NeedsYou, NotificationKind::Failed]
    );
    // Nothing new begins before it is known.
    world.cluster.unreachable(false);
    let sent = world.cluster.sent().len();
    let (id, who) = (release(), operator());
    let started = world
        .engine
        .start_rollout(&id, &who, &env(), &faasapi())
        .await;
    assert!(
        matches!(started, Err(EngineFailure::Refused(Refusal::NotArmed))),
        "{started:?}"
    );
    assert!(world.state().pending.is_none(), "it was read back first");
    assert_eq!(world.cluster.sent().len(), sent);
}

#[tokio::test(start_paused = true)]
async fn an_object_that_changed_since_the_diff_ends_the_module_unjudged_and_is_not_overwritten() {
    let world = World::ready().await;
    let edited = serde_json::json!({"somebody": "else"});
    world.cluster.put(&config(), edited.clone());
    world.start(&faasapi()).await;
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Errored);
    assert_eq!(world.cluster.object(&config()).unwrap().body, edited);
    assert_eq!(world.outcomes(), ["applied", "not applied"]);
    assert_eq!(
        world.cluster.object(&deployment()).unwrap().body,
        body(&deployment(), "1.0")
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_by_the_cluster_is_a_failure_with_its_reason() {
    let world = World::ready().await;
    world.cluster.fates([Fate::Refused("quota".into())]);
    world.start(&faasapi()).await;
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Failed);
    let reason = world.reason(&faasapi());
    assert!(reason.ends_with(": quota"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn a_busy_api_server_is_asked_again_with_a_new_intent_until_it_listens() {
    let world = World::ready().await;
    let busy = || Fate::Unheard("busy".into());
    world.cluster.fates([busy(), busy()]);
    world.start(&faasapi()).await;
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Passed);
    let outcomes = world.outcomes();
    assert_eq!(outcomes[..2], ["not applied", "not applied"]);
    assert!(outcomes[2..].iter().all(|outcome| *outcome == "applied"));
    assert_eq!(world.cluster.sent().len(), APPLIES.len() + 2);
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_stays_busy_says_nothing_about_the_change() {
    let world = World::ready().await;
    world
        .cluster
        .fates(std::iter::repeat_n((), 400).map(|()| Fate::Unheard("busy".into())));
    world.start(&faasapi()).await;
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Errored);
    let reason = world.reason(&faasapi());
    assert!(reason.contains("busy"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn another_cluster_gets_nothing() {
    let world = World::ready().await;
    world.arm(&faasapi()).await;
    *world.cluster.identity.lock().unwrap() = identity("suzhou");
    let (id, who) = (release(), operator());
    world
        .engine
        .start_rollout(&id, &who, &env(), &faasapi())
        .await
        .unwrap();
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Errored);
    assert_eq!(world.cluster.sent(), []);
    let mismatch = |e: &Event| matches!(e, Event::IdentityMismatch { .. });
    assert!(world.ledger.events().iter().any(mismatch));
    assert!(!world.state().identity.unwrap().verified);
}

#[tokio::test(start_paused = true)]
async fn lost_contact_before_the_first_write_is_errored_and_sends_nothing() {
    let world = World::ready().await;
    world.arm(&faasapi()).await;
    world.cluster.unreachable(true);
    let (id, who) = (release(), operator());
    world
        .engine
        .start_rollout(&id, &who, &env(), &faasapi())
        .await
        .unwrap();
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Errored);
    assert_eq!(world.cluster.sent(), []);
}

#[tokio::test(start_paused = true)]
async fn standing_still_fails_after_the_progress_deadline_and_nothing_is_done_about_it() {
    let world = World::ready().await;
    world.cluster.stuck(&deployment(), true);
    world.start(&faasapi()).await;
    world
        .until("failed", |w| w.status(&faasapi()) == ModuleStatus::Failed)
        .await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(labels(&world.cluster.sent()), APPLIES);
}

#[tokio::test(start_paused = true)]
async fn arming_that_runs_out_in_the_middle_makes_it_wait_for_the_person() {
    let world = World::ready().await;
    let late = Fate::Slow(Duration::from_secs(700));
    world.cluster.fates([late]);
    world.start(&faasapi()).await;
    world
        .until("it waits", |w| {
            w.engine.live(&release(), &env()).waiting == Some(Waiting::NotArmed)
        })
        .await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(world.cluster.sent().len(), 1);
    world.arm(&faasapi()).await;
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Passed);
    assert_eq!(labels(&world.cluster.sent()), APPLIES);
}

#[tokio::test(start_paused = true)]
async fn an_append_that_came_second_is_decided_again() {
    let world = World::ready().await;
    let stream = engine::ports::Stream::Release(release());
    world.ledger.sneak_in(&stream, Event::HelpAsked);
    world.start(&faasapi()).await;
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Passed);
    let help =
        |e: &engine::ports::Entry| e.record == engine::ports::Record::Release(Event::HelpAsked);
    assert!(
        world
            .engine
            .release(&release())
            .unwrap()
            .entries
            .iter()
            .any(help)
    );
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_has_just_started_turns_away_for_a_moment_only() {
    let world = World::ready().await;
    let away = || Fate::TurnedAway("not allowed: patch configmaps".into());
    world.cluster.fates([away(), away(), away()]);
    world.start(&faasapi()).await;
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Passed);
    assert_eq!(world.cluster.sent().len(), APPLIES.len() + 3);
}

#[tokio::test(start_paused = true)]
async fn a_right_that_is_gone_for_good_errs_soon_and_says_which() {
    let world = World::ready().await;
    let away = || Fate::TurnedAway("not allowed: patch configmaps".into());
    world
        .cluster
        .fates(std::iter::repeat_n((), 400).map(|()| away()));
    let began = tokio::time::Instant::now();
    world.start(&faasapi()).await;
    world
        .until("it is shown", |w| {
            let waiting = w.engine.live(&release(), &env()).waiting;
            matches!(waiting, Some(Waiting::Contact { failure, .. })
                if failure.to_string().contains("patch configmaps"))
        })
        .await;
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Errored);
    let reason = world.reason(&faasapi());
    assert!(reason.contains("not allowed: patch configmaps"), "{reason}");
    let took = began.elapsed();
    assert!(took < limits().lost_contact / 2, "{took:?}");
}

/// Logging in takes a person longer than an API server's start: the run waits, and goes on by itself.
#[tokio::test(start_paused = true)]
async fn a_credential_that_expires_in_a_rollout_is_said_and_a_new_login_goes_on_with_the_same_run()
{
    let world = World::ready().await;
    world.cluster.stuck(&deployment(), true);
    world.start(&faasapi()).await;
    world
        .until("all is written", |w| w.outcomes().len() == 4)
        .await;
    let sent = world.cluster.sent().len();
    world
        .cluster
        .expired(Some("2026-09-15T02:00:00Z".parse().unwrap()));
    world
        .until("it is shown", |w| {
            let waiting = w.engine.live(&release(), &env()).waiting;
            matches!(waiting, Some(Waiting::Contact { failure, .. })
                if failure.to_string().contains("log in again"))
        })
        .await;
    // Longer than anybody is turned away otherwise.
    tokio::time::sleep(limits().turned_away * 2).await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Running);
    // The same context is imported again: another credential, the same cluster.
    let event = domain::RegisterEvent::ContextImported {
        context: binding().context,
    };
    world.cluster.expired(None);
    world.engine.note(Some(&operator()), event).await.unwrap();
    world.cluster.stuck(&deployment(), false);
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Passed);
    assert_eq!(world.cluster.sent().len(), sent, "nothing was sent again");
}

#[tokio::test(start_paused = true)]
async fn another_public_issuer_of_the_same_cluster_is_written_down_and_cuts_off_nothing() {
    let world = World::ready().await;
    let by = |issuer: &str| domain::ClusterIdentity {
        ca_sha256: String::new(),
        issuer_sha256: Some(issuer.to_owned()),
        ..identity("beijing")
    };
    let bound = domain::RegisterEvent::EnvironmentBound {
        environment: env(),
        context: binding().context,
        identity: by("one"),
        issuer_before: None,
    };
    *world.cluster.identity.lock().unwrap() = by("one");
    world.engine.note(None, bound).await.unwrap();
    *world.cluster.identity.lock().unwrap() = by("two");
    let check = world
        .engine
        .verify_identity(Some(&release()), &env())
        .await
        .unwrap();
    assert!(check.verified);
    let kept = world.engine.register().bindings[&env()].identity.clone();
    assert_eq!(kept, by("two"));
    // Once: the next check finds what is written down.
    world
        .engine
        .verify_identity(Some(&release()), &env())
        .await
        .unwrap();
    let register = world
        .engine
        .ledger()
        .read(&engine::ports::Stream::Register, 0)
        .await
        .unwrap();
    let moves = register.iter().filter(|entry| {
        matches!(&entry.record, engine::ports::Record::Register(domain::RegisterEvent::EnvironmentBound { issuer_before: Some(before), .. }) if before == "one")
    });
    assert_eq!(moves.count(), 1);
    // Another cluster with a certificate that is as good is another cluster.
    *world.cluster.identity.lock().unwrap() = domain::ClusterIdentity {
        uid: "another".to_owned(),
        ..by("two")
    };
    let check = world
        .engine
        .verify_identity(Some(&release()), &env())
        .await
        .unwrap();
    assert!(!check.verified);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_sees_nothing_says_why_and_lasting_trouble_is_told() {
    let world = World::ready().await;
    world.cluster.stuck(&deployment(), true);
    world.start(&faasapi()).await;
    world
        .until("all is written", |w| w.outcomes().len() == 4)
        .await;
    world.cluster.unreachable(true);
    world
        .until("it is shown", |w| {
            let waiting = w.engine.live(&release(), &env()).waiting;
            matches!(waiting, Some(Waiting::Contact { failure, .. })
                if failure.to_string().contains("connection refused"))
        })
        .await;
    let told = |w: &World| {
        let notices = w.notifier.0.lock().unwrap();
        notices.iter().any(|n| n.kind == NotificationKind::NeedsYou)
    };
    assert!(!told(&world), "a moment is nothing to be told of");
    world.until("it is told", told).await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Running);
    world.cluster.unreachable(false);
    world.cluster.stuck(&deployment(), false);
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Passed);
}

#[tokio::test(start_paused = true)]
async fn a_rollout_with_somebody_elses_change_in_it_says_nothing_about_ours() {
    let world = World::ready().await;
    world.cluster.stuck(&deployment(), true);
    world.start(&faasapi()).await;
    world
        .until("all is written", |w| w.outcomes().len() == 4)
        .await;
    world
        .cluster
        .put(&deployment(), body(&deployment(), "theirs"));
    world.cluster.stuck(&deployment(), false);
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Errored);
    let reason = world.reason(&faasapi());
    assert!(
        reason.contains("Deployment/faasapi: somebody changed it"),
        "{reason}"
    );
    world.way_back().await.unwrap();
    world.until_idle().await;
    let back = world.state().way_back.unwrap();
    assert_eq!((back.failure, back.overwritten.len()), (None, 1));
}

#[tokio::test(start_paused = true)]
async fn another_cluster_that_is_healthy_does_not_make_a_module_pass() {
    let world = World::ready().await;
    world.cluster.stuck(&deployment(), true);
    world.start(&faasapi()).await;
    world
        .until("all is written", |w| w.outcomes().len() == 4)
        .await;
    *world.cluster.identity.lock().unwrap() = identity("suzhou");
    world.cluster.stuck(&deployment(), false);
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Errored);
    let reason = world.reason(&faasapi());
    assert!(reason.contains("another cluster"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn what_admission_adds_behind_the_dry_run_is_named() {
    let world = World::ready().await;
    world.cluster.fates([Fate::Works, Fate::Embellished]);
    world.start(&faasapi()).await;
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Errored);
    let reason = world.reason(&faasapi());
    assert!(
        reason.contains("ConfigMap/faasapi") && reason.ends_with(": added"),
        "{reason}"
    );
    assert_eq!(world.cluster.sent().len(), 2);
    world.way_back().await.unwrap();
    world.until_idle().await;
    let live = world.cluster.object(&config()).unwrap();
    assert_eq!(live.body, body(&config(), "1.0"));
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_stays_open_in_front_of_a_hanging_store_is_asked_after() {
    let world = World::ready().await;
    world.cluster.stuck(&deployment(), true);
    world.start(&faasapi()).await;
    world
        .until("all is written", |w| w.outcomes().len() == 4)
        .await;
    world.cluster.hangs(true);
    world
        .until("it is shown", |w| {
            let waiting = w.engine.live(&release(), &env()).waiting;
            matches!(waiting, Some(Waiting::Contact { failure, .. })
                if failure.to_string().contains("no answer"))
        })
        .await;
    // Nearly as long as the bound.
    tokio::time::sleep(limits().lost_contact - Duration::from_secs(40)).await;
    world.cluster.hangs(false);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Running);
    world.cluster.stuck(&deployment(), false);
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Passed);
}
