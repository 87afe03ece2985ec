//! Who may do what, here and on the cluster; and which cluster it is.

use acceptance::world::{Caller, Given};
use domain::{ConditionKind, Refusal, Role};
use engine::EngineFailure;
use engine::ports::ClusterFailure;

use crate::{DEV, EXECUTOR, at_the_first_stage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_verifier_is_never_the_operator() {
    let Some(mut world) = Given::default().rehearsed().await else {
        return;
    };
    let refused = world
        .try_release(|draft| {
            draft.operator = "zhaoliu".into();
            draft.verifier = "zhaoliu".into();
        })
        .await
        .unwrap_err();
    assert!(
        matches!(refused, EngineFailure::Refused(Refusal::VerifierIsOperator)),
        "{refused}"
    );
    world.given_release().await;
    // Nor does one of them sign for the other.
    let (id, operator) = (world.release.clone(), world.holder(Role::Operator));
    let signed = world
        .on(|engine| async move {
            engine
                .tick(
                    &id,
                    &operator,
                    &"bj-offline".into(),
                    &"tested-offline".into(),
                    true,
                    None,
                )
                .await
        })
        .await;
    let refused = signed.unwrap_err();
    assert!(
        matches!(
            refused,
            EngineFailure::Refused(Refusal::RoleMissing {
                role: Role::Verifier
            })
        ),
        "{refused}"
    );
    world.then_the_ledger_holds().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_permissions_are_named_verb_by_verb() {
    let given = Given {
        caller: Caller::Verifier,
        ..Given::default()
    };
    let Some(mut world) = given.rehearsed().await else {
        return;
    };
    world.given_release().await;
    world.declare_the_timeout().await;
    let missing = world.check(DEV).await;
    let mut named: Vec<String> = missing
        .iter()
        .map(|p| format!("{} {}.{}", p.verb, p.resource, p.group))
        .collect();
    named.sort();
    let mut expected: Vec<String> = Vec::new();
    for what in ["configmaps.", "services.", "deployments.apps"] {
        expected
            .extend(["patch", "update", "create", "delete"].map(|verb| format!("{verb} {what}")));
    }
    expected.extend(
        ["get", "watch", "patch", "update", "create", "delete"]
            .map(|verb| format!("{verb} environments.fission.io")),
    );
    expected.sort();
    assert_eq!(named, expected);
    assert!(
        missing.iter().all(|p| p.namespace == "fission-dev"),
        "{missing:?}"
    );
    let refused = world.diff(DEV).await.unwrap_err();
    let EngineFailure::Cluster(ClusterFailure::Forbidden(permission)) = &refused else {
        panic!("{refused}")
    };
    assert_eq!(permission.namespace, "fission-dev");
    world.sign("bj-offline").await;
    world.vote("bj-offline").await;
    world.open("bj-offline").await.expect_err("a closed gate");
    let id = world.release.clone();
    let verdicts = world
        .on(|engine| async move { engine.gate(&id, &"bj-offline".into()) })
        .await
        .unwrap();
    let permissions = verdicts
        .iter()
        .find(|v| v.kind == ConditionKind::PermissionsPresent)
        .unwrap();
    assert!(
        !permissions.lets_pass() && !permissions.waivable,
        "{permissions:?}"
    );
    world.then_the_ledger_holds().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_cluster_behind_the_same_name_gets_nothing() {
    let Some(world) = at_the_first_stage(Given::default()).await else {
        return;
    };
    world.arm(DEV, EXECUTOR).await.unwrap();
    // Someone puts the production cluster's address under the development cluster's name.
    let production = world.cluster("sz-prod-01");
    let before = production.rehearsed().requests().len();
    let text = production.kubeconfig(Caller::Operator);
    let mut swapped = cluster::kubeconfig::import(&text, None, &["sz-prod-01".to_owned()], false)
        .unwrap()
        .remove(0);
    swapped.name = "bj-dev-01".to_owned();
    world.store(swapped).await;
    match world.start_rollout(DEV, EXECUTOR).await {
        Ok(()) => {
            world.ended(DEV, EXECUTOR).await;
        }
        Err(refused) => println!("refused at once: {refused}"),
    }
    let requests = production.rehearsed().requests();
    let writes: Vec<_> = requests[before..]
        .iter()
        .filter(|r| r.verb != "get" && r.user == "operator")
        .collect();
    assert!(writes.is_empty(), "{writes:?}");
    assert_eq!(world.writes(DEV).len(), 0);
    assert!(
        world.events().contains(&"identityMismatch".to_owned()),
        "{:?}",
        world.events()
    );
    let refused = world.arm(DEV, EXECUTOR).await.unwrap_err();
    assert!(
        matches!(
            refused,
            EngineFailure::Refused(Refusal::IdentityMismatch | Refusal::IdentityNotVerified)
                | EngineFailure::Cluster(ClusterFailure::AnotherCluster { .. })
        ),
        "{refused}"
    );
    world.then_old(DEV).await;
    world.then_old("sz-prod").await;
    world.then_the_ledger_holds().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn production_wants_the_clusters_name() {
    let Some(world) = at_the_first_stage(Given::default()).await else {
        return;
    };
    let typed = |name: &'static str| {
        world.does(
            "sz-prod",
            move |engine, id, actor, environment| async move {
                engine.verify_identity(Some(&id), &environment).await?;
                engine
                    .arm(
                        &id,
                        &actor,
                        &environment,
                        &EXECUTOR.into(),
                        Some(name.to_owned()),
                    )
                    .await
            },
        )
    };
    let refused = typed("bj-prod-01").await.unwrap_err();
    assert!(matches!(refused, EngineFailure::Refused(_)), "{refused}");
    let refused = world.start_rollout("sz-prod", EXECUTOR).await.unwrap_err();
    assert!(
        matches!(refused, EngineFailure::Refused(Refusal::GateClosed)),
        "{refused}"
    );
    assert_eq!(world.writes("sz-prod").len(), 0);
    world.end().await;
}
