use std::time::Duration;

use domain::{Event, ModuleStatus, MutationVerb, NotificationKind, Refusal, Work};
use engine::EngineFailure;
use engine::ports::Record;
use serde_json::json;

use crate::fakes::{Fate, identity};
use crate::world::*;

async fn both_passed() -> World {
    let world = World::ready().await;
    for module in [faasapi(), router()] {
        world.start(&module).await;
        world.until_idle().await;
        assert_eq!(world.status(&module), ModuleStatus::Passed);
    }
    world
}

fn is_old(world: &World) {
    for object in [config(), secret(), deployment(), router_deployment()] {
        let live = world.cluster.object(&object).unwrap();
        assert_eq!(live.body, body(&object, "1.0"), "{object}");
        assert!(!live.paused, "{object} is paused");
    }
    assert!(world.cluster.object(&extra()).is_none());
}

#[tokio::test(start_paused = true)]
async fn the_last_module_goes_back_first_and_configuration_before_what_reads_it() {
    let world = both_passed().await;
    let before = world.cluster.sent().len();
    world.way_back().await.unwrap();
    world.until_idle().await;
    let sent: Vec<_> = world.cluster.sent().split_off(before);
    let expected = [
        (MutationVerb::Restore, "Deployment/router"),
        (MutationVerb::Restore, "ConfigMap/faasapi"),
        (MutationVerb::Restore, "Secret/faasapi"),
        (MutationVerb::Restore, "Deployment/faasapi"),
        (MutationVerb::Remove, "ConfigMap/faasapi-new"),
    ];
    let expected = expected.map(|(verb, label)| (verb, label.to_owned()));
    assert_eq!(sent, expected);
    is_old(&world);
    assert_eq!(world.status(&router()), ModuleStatus::TakenBack);
    assert_eq!(world.cluster.not_durable(), 0);
    let last = world.notifier.0.lock().unwrap().last().unwrap().kind;
    assert_eq!(last, NotificationKind::RolledBack);
}

#[tokio::test(start_paused = true)]
async fn in_the_middle_of_a_call_the_call_comes_to_its_outcome_first() {
    let world = World::ready().await;
    let slow = Fate::Slow(Duration::from_secs(20));
    world.cluster.fates([Fate::Works, slow]);
    world.start(&faasapi()).await;
    world
        .until("the second is sent", |w| w.cluster.sent().len() == 2)
        .await;
    world.way_back().await.unwrap();
    world.way_back().await.unwrap();
    world.until_idle().await;
    let labels: Vec<_> = world
        .cluster
        .sent()
        .into_iter()
        .map(|(_, label)| label)
        .collect();
    let expected = [
        "ConfigMap/faasapi-new",
        "ConfigMap/faasapi",
        "ConfigMap/faasapi",
        "ConfigMap/faasapi-new",
    ];
    assert_eq!(labels, expected);
    is_old(&world);
}

#[tokio::test(start_paused = true)]
async fn in_the_middle_of_an_unknown_outcome_it_is_read_back_and_taken_back() {
    let world = World::ready().await;
    world.cluster.fates([Fate::Works, Fate::Vanishes]);
    world.start(&faasapi()).await;
    world
        .until("it is unknown", |w| w.outcomes() == ["applied", "unknown"])
        .await;
    world.way_back().await.unwrap();
    world.cluster.unreachable(false);
    world.until_idle().await;
    assert_eq!(world.state().way_back.unwrap().failure, None);
    is_old(&world);
}

#[tokio::test(start_paused = true)]
async fn while_it_is_paused_the_old_version_is_let_go_on() {
    let world = World::ready().await;
    world.cluster.stuck(&deployment(), true);
    world.start(&faasapi()).await;
    world
        .until("all is written", |w| w.outcomes().len() == 4)
        .await;
    world
        .engine
        .pause(&release(), &operator(), &env())
        .await
        .unwrap();
    world.cluster.stuck(&deployment(), false);
    world.way_back().await.unwrap();
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::TakenBack);
    is_old(&world);
}

#[tokio::test(start_paused = true)]
async fn a_busy_api_server_does_not_keep_anything_from_going_back() {
    let world = both_passed().await;
    let busy = || Fate::Unheard("busy".into());
    world
        .cluster
        .fates([busy(), busy(), busy(), busy(), busy()]);
    world.way_back().await.unwrap();
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::TakenBack);
    is_old(&world);
}

#[tokio::test(start_paused = true)]
async fn one_object_that_cannot_go_back_does_not_stop_the_others_and_can_be_tried_again() {
    let world = both_passed().await;
    let no = || Fate::Refused("quota".into());
    world.cluster.fates([Fate::Works, no(), no(), no()]);
    world.way_back().await.unwrap();
    world.until_idle().await;
    let failure = world.state().way_back.unwrap().failure.unwrap();
    let failure = failure.to_string();
    assert!(
        failure.contains("ConfigMap/faasapi") && failure.contains("quota"),
        "{failure}"
    );
    let live = world.cluster.object(&deployment()).unwrap();
    assert_eq!(live.body, body(&deployment(), "1.0"));
    let before = world.cluster.sent().len();
    world.way_back().await.unwrap();
    world.until_idle().await;
    let again: Vec<_> = world.cluster.sent().split_off(before);
    assert_eq!(
        again,
        [(MutationVerb::Restore, "ConfigMap/faasapi".to_owned())]
    );
    is_old(&world);
}

#[tokio::test(start_paused = true)]
async fn a_later_edit_does_not_stand_in_the_way_and_is_kept() {
    let world = both_passed().await;
    let edit = json!({"edited": "by hand"});
    world.cluster.put(&config(), edit.clone());
    world.way_back().await.unwrap();
    world.until_idle().await;
    is_old(&world);
    let overwritten = world.state().way_back.unwrap().overwritten;
    assert_eq!(overwritten.len(), 1);
    let (object, blob) = &overwritten[0];
    assert_eq!(object, &config());
    let kept = world.engine.ledger().kept(blob).await.unwrap();
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(&kept).unwrap(),
        edit
    );
}

#[tokio::test(start_paused = true)]
async fn what_someone_else_made_anew_under_the_same_name_is_not_removed() {
    let world = both_passed().await;
    world.cluster.remove(&extra());
    let theirs = json!({"theirs": true});
    world.cluster.put(&extra(), theirs.clone());
    world.way_back().await.unwrap();
    world.until_idle().await;
    assert_eq!(world.cluster.object(&extra()).unwrap().body, theirs);
    assert!(
        world
            .state()
            .way_back
            .unwrap()
            .failure
            .unwrap()
            .to_string()
            .contains("faasapi-new")
    );
}

#[tokio::test(start_paused = true)]
async fn contact_that_comes_back_in_time_is_enough() {
    let world = both_passed().await;
    world.cluster.unreachable(true);
    world.way_back().await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.state().work, Work::Back);
    world.cluster.unreachable(false);
    world.until_idle().await;
    is_old(&world);
}

#[tokio::test(start_paused = true)]
async fn without_contact_it_ends_as_failed_and_can_be_tried_again() {
    let world = both_passed().await;
    world.cluster.unreachable(true);
    world.way_back().await.unwrap();
    world.until_idle().await;
    assert!(world.state().way_back.unwrap().failure.is_some());
    world.cluster.unreachable(false);
    world.way_back().await.unwrap();
    world.until_idle().await;
    is_old(&world);
}

#[tokio::test(start_paused = true)]
async fn an_environment_that_was_bound_to_another_cluster_is_not_written_to() {
    let world = both_passed().await;
    *world.cluster.identity.lock().unwrap() = identity("suzhou");
    let rebound = world
        .engine
        .bind(None, &env(), "suzhou", &identity("suzhou"))
        .await;
    assert!(
        matches!(rebound, Err(EngineFailure::BindingInUse { .. })),
        "{rebound:?}"
    );
    let before = world.cluster.sent().len();
    world.way_back().await.unwrap();
    world.until_idle().await;
    assert_eq!(world.cluster.sent().len(), before);
    assert!(world.state().way_back.unwrap().failure.is_some());
}

#[tokio::test(start_paused = true)]
async fn nothing_changed_nothing_to_take_back_and_an_empty_seat_may_take_back() {
    let world = World::ready().await;
    let refused = world.way_back().await;
    assert!(matches!(
        refused,
        Err(EngineFailure::Refused(Refusal::NothingToRestore))
    ));
    world.cluster.stuck(&deployment(), true);
    world.start(&faasapi()).await;
    world
        .until("all is written", |w| w.outcomes().len() == 4)
        .await;
    // Nobody is asked who they are; the record says that the seat was empty.
    world.cluster.stuck(&deployment(), false);
    let nobody = domain::PersonId::nobody();
    world
        .engine
        .way_back(&release(), &nobody, &env())
        .await
        .unwrap();
    world
        .until("the old version is back", |w| {
            w.state()
                .way_back
                .is_some_and(|back| back.ended_at.is_some())
        })
        .await;
    assert_eq!(world.state().way_back.unwrap().failure, None);
    let entries = world.engine.release(&release()).unwrap().entries;
    let since = entries
        .iter()
        .skip_while(|entry| !matches!(entry.record, Record::Release(Event::WayBackStarted { .. })));
    let actors: Vec<_> = since.map(|entry| entry.actor.clone()).collect();
    assert!(actors.len() > 1, "{actors:?}");
    assert!(actors.iter().all(Option::is_none), "{actors:?}");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_arrives_late_is_taken_back() {
    let world = World::ready().await;
    world.cluster.fates([Fate::Works, Fate::RequestLost]);
    world.start(&faasapi()).await;
    world.until_idle().await;
    assert_eq!(world.status(&faasapi()), ModuleStatus::Errored);
    assert_eq!(world.outcomes(), ["applied", "unknown", "not applied"]);
    assert_eq!(world.cluster.late_requests_arrive(), 1);
    world.way_back().await.unwrap();
    world.until_idle().await;
    is_old(&world);
}

#[tokio::test(start_paused = true)]
async fn after_a_way_back_a_late_request_is_not_carried_out_any_more() {
    let world = World::ready().await;
    world.cluster.fates([Fate::Works, Fate::RequestLost]);
    world.start(&faasapi()).await;
    world.until_idle().await;
    world.way_back().await.unwrap();
    world.until_idle().await;
    assert_eq!(world.cluster.late_requests_arrive(), 0);
    is_old(&world);
}

#[tokio::test(start_paused = true)]
async fn what_a_lost_request_was_for_and_somebody_else_changed_is_left_alone() {
    let world = World::ready().await;
    world.cluster.fates([Fate::Works, Fate::RequestLost]);
    world.start(&faasapi()).await;
    world.until_idle().await;
    let theirs = json!({"edited": "by hand"});
    world.cluster.put(&config(), theirs.clone());
    world.way_back().await.unwrap();
    world.until_idle().await;
    assert_eq!(world.cluster.object(&config()).unwrap().body, theirs);
    assert_eq!(world.state().way_back.unwrap().failure, None);
    assert_eq!(world.cluster.late_requests_arrive(), 0);
}
