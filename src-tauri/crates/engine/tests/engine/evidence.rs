use std::collections::BTreeMap;

use domain::{Event, PersonId, Refusal};
use engine::ports::VaultFailure;
use engine::{ChangesProgress, EngineFailure};
use tokio_util::sync::CancellationToken;

use crate::fakes::identity;
use crate::world::*;

#[tokio::test(start_paused = true)]
async fn a_cancelled_dry_run_leaves_no_trace() {
    let world = World::ready().await;
    let cancel = CancellationToken::new();
    cancel.cancel();
    let events = world.ledger.events().len();
    let (id, who) = (release(), operator());
    let given_up = world.engine.compute_diff(&id, &who, &env(), cancel).await;
    assert!(matches!(given_up, Err(EngineFailure::Cancelled)));
    assert_eq!(world.ledger.events().len(), events);
    let changes = world.engine.live(&id, &env()).changes;
    assert!(
        matches!(changes, ChangesProgress::Ready(_)),
        "the one before is still shown"
    );
}

#[tokio::test(start_paused = true)]
async fn the_verifier_cannot_be_the_operator_and_the_try_is_on_record() {
    let world = World::new().await;
    let mut bodies = BTreeMap::new();
    let mut plan = plan(&mut bodies);
    plan.verifier = operator();
    let refused = world.engine.create(&operator(), plan, bodies).await;
    assert!(matches!(
        refused,
        Err(EngineFailure::Refused(Refusal::VerifierIsOperator))
    ));
    assert!(matches!(
        &world.ledger.events()[..],
        [Event::Refused { .. }]
    ));
    assert!(world.engine.releases().is_empty());
    let mut bodies = BTreeMap::new();
    let plan = crate::world::plan(&mut bodies);
    world
        .engine
        .create(&operator(), plan, bodies)
        .await
        .unwrap();
    assert_eq!(world.engine.releases().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn binding_refuses_another_cluster_than_the_one_that_was_shown() {
    let world = World::new().await;
    let shown = world.engine.probe(&env(), "beijing").await.unwrap();
    *world.cluster.identity.lock().unwrap() = identity("suzhou");
    let bound = world
        .engine
        .bind(None, &env(), "beijing", &shown.identity)
        .await;
    assert!(matches!(bound, Err(EngineFailure::Cluster(_))), "{bound:?}");
    assert_eq!(
        world.engine.register().bindings[&env()].identity,
        identity("beijing")
    );
}

#[tokio::test(start_paused = true)]
async fn another_cluster_is_written_down_and_closes_the_gate() {
    let world = World::ready().await;
    *world.cluster.identity.lock().unwrap() = identity("suzhou");
    let check = world.engine.verify_identity(None, &env()).await.unwrap();
    assert!(!check.verified);
    let mismatch = |e: &Event| matches!(e, Event::IdentityMismatch { .. });
    assert!(world.ledger.events().iter().any(mismatch));
    let (id, who): (_, PersonId) = (release(), operator());
    let armed = world.engine.arm(&id, &who, &env(), &faasapi(), None).await;
    assert!(
        matches!(
            armed,
            Err(EngineFailure::Refused(Refusal::IdentityMismatch))
        ),
        "{armed:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn with_a_credential_that_the_keychain_lost_nothing_is_armed_and_nothing_sent() {
    let world = World::ready().await;
    let (id, who) = (release(), operator());
    let trouble = |trouble| *world.vault.trouble.lock().unwrap() = trouble;
    world.arm(&faasapi()).await;
    // That it cannot be read now does not mean that it is gone.
    trouble(Some(VaultFailure::Locked));
    world.arm(&faasapi()).await;

    trouble(Some(VaultFailure::NoEntry("beijing".into())));
    let armed = world.engine.arm(&id, &who, &env(), &faasapi(), None).await;
    let lost = |done: &Result<_, EngineFailure>| {
        matches!(done, Err(EngineFailure::Vault(VaultFailure::NoEntry(_))))
    };
    assert!(lost(&armed), "{armed:?}");
    let asked = world.engine.verify_identity(None, &env()).await.map(drop);
    assert!(lost(&asked), "{asked:?}");
    // Armed before, and still nothing goes out.
    let started = world
        .engine
        .start_rollout(&id, &who, &env(), &faasapi())
        .await;
    world.until_nobody_works().await;
    assert_eq!(world.cluster.sent(), [], "{started:?}");

    trouble(None);
    world.arm(&faasapi()).await;
}

#[tokio::test(start_paused = true)]
async fn an_environment_that_is_looked_at_shows_its_workloads_without_a_task() {
    let world = World::ready().await;
    let id = release();
    assert!(world.engine.live(&id, &env()).picture.is_none());
    let lookout = world.engine.look_out(&id, &env());
    let shown = |world: &World| world.engine.live(&release(), &env()).picture;
    world
        .until("a picture", |world| shown(world).is_some())
        .await;
    let picture = shown(&world).unwrap();
    let seen: Vec<_> = picture.workloads.iter().map(|w| &w.workload).collect();
    assert_eq!(seen, [&deployment(), &router_deployment()]);
    drop(lookout);
    world
        .until("nobody looks any more", |world| shown(world).is_none())
        .await;
}
