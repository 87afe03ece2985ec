//! What a release changes, and what somebody else changes.

use acceptance::world::{Caller, Given};
use domain::{ConditionKind, ModuleStatus, MutationOutcome, Refusal};
use engine::EngineFailure;

use crate::{DEV, EXECUTOR, ROUTER, at_the_first_stage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undeclared_change_blocks() {
    let Some(mut world) = Given::default().rehearsed().await else {
        return;
    };
    world.given_release().await;
    world.check(DEV).await;
    let full = world.diff(DEV).await.unwrap();
    let state = world.state();
    let undeclared = full.diff.undeclared(&state.plan, &state.declarations);
    let found: Vec<_> = undeclared
        .iter()
        .map(|(o, f)| {
            (
                o.object.label(),
                f.path.as_str(),
                f.before.as_deref(),
                f.after.as_deref(),
            )
        })
        .collect();
    let expected = (
        "ConfigMap/fission-router-config".to_owned(),
        "data.MAX_FUNC_TIMEOUT",
        Some("\"300\""),
        Some("\"900\""),
    );
    assert_eq!(found, [expected]);
    let refused = world.review(DEV).await.unwrap_err();
    assert!(
        matches!(
            refused,
            EngineFailure::Refused(Refusal::UndeclaredChange { count: 1 })
        ),
        "{refused}"
    );
    world.sign("bj-offline").await;
    world.vote("bj-offline").await;
    let refused = world.open("bj-offline").await.unwrap_err();
    let unmet = Refusal::ConditionUnmet {
        condition: ConditionKind::DiffReviewed,
    };
    assert!(
        matches!(&refused, EngineFailure::Refused(refusal) if *refusal == unmet),
        "{refused}"
    );
    assert_eq!(world.writes(DEV).len(), 0);

    world.declare_the_timeout().await;
    world.review(DEV).await.unwrap();
    world.then_old(DEV).await;
    world.then_the_ledger_holds().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_field_of_another_manager_is_shown_and_taken_over_after_a_review() {
    let Some(world) = at_the_first_stage(Given::default()).await else {
        return;
    };
    let (_, diff) = world.environment(DEV).diff.unwrap();
    let of = |name: &str, kind: &str| {
        diff.objects
            .iter()
            .find(|o| o.object.name == name && o.object.kind == kind)
            .unwrap()
    };
    let conflicts = &of(EXECUTOR, "Deployment").conflicts;
    assert!(
        conflicts
            .iter()
            .any(|c| c.manager.contains("kubectl-create") && c.path.ends_with(".image")),
        "{conflicts:?}"
    );
    assert_eq!(world.roll_out(DEV, EXECUTOR).await, ModuleStatus::Passed);
    let (site, namespace) = world.place(DEV);
    let output = site
        .kubectl(
            Caller::Admin,
            &[
                "-n",
                &namespace,
                "get",
                "deployment",
                EXECUTOR,
                "-o",
                "json",
                "--show-managed-fields",
            ],
            "",
        )
        .await;
    let live: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let owners = live["metadata"]["managedFields"].as_array().unwrap();
    let image = "/fieldsV1/f:spec/f:template/f:spec/f:containers/k:{\"name\":\"executor\"}/f:image";
    let owner: Vec<_> = owners
        .iter()
        .filter(|o| o.pointer(image).is_some())
        .map(|o| o["manager"].as_str().unwrap())
        .collect();
    assert_eq!(owner, ["pilothouse"]);
    world.then_the_ledger_holds().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manager_who_came_after_the_review_is_not_overruled() {
    let Some(world) = at_the_first_stage(Given::default()).await else {
        return;
    };
    let (site, namespace) = world.place(DEV);
    // The same value, so that the content is as reviewed; only somebody else owns it now.
    let claim = format!(
        "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: fission-executor-config, namespace: {namespace}}}, data: {{POOL_RECYCLE_SECONDS: '120'}}}}"
    );
    let apply = [
        "apply",
        "--server-side",
        "--field-manager=autoscaler",
        "-f",
        "-",
    ];
    let output = site.kubectl(Caller::Admin, &apply, &claim).await;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(world.roll_out(DEV, EXECUTOR).await, ModuleStatus::Errored);
    let reason = world.reason(DEV, EXECUTOR);
    assert!(
        reason.contains("autoscaler") && reason.contains("POOL_RECYCLE_SECONDS"),
        "{reason}"
    );
    world.then_old(DEV).await;
    assert_eq!(
        world.carried_out(DEV, "/configmaps/fission-executor-config"),
        0
    );
    // Looked at again and signed for, it is taken over.
    world.diff(DEV).await.unwrap();
    world.review(DEV).await.unwrap();
    assert_eq!(world.roll_out(DEV, EXECUTOR).await, ModuleStatus::Passed);
    assert_eq!(
        world.config(DEV, "fission-executor-config").await["POOL_RECYCLE_SECONDS"],
        "60"
    );
    world.then_the_ledger_holds().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_between_diff_and_apply_is_not_written_over() {
    let Some(world) = at_the_first_stage(Given::default()).await else {
        return;
    };
    assert_eq!(world.roll_out(DEV, EXECUTOR).await, ModuleStatus::Passed);
    let (site, namespace) = world.place(DEV);
    let patch = r#"{"data":{"KEEPALIVE_CONNECTIONS":"1024"}}"#;
    let edit = [
        "-n",
        &namespace,
        "patch",
        "configmap",
        "fission-router-config",
        "--type=merge",
        "-p",
        patch,
    ];
    assert!(
        site.kubectl(Caller::Admin, &edit, "")
            .await
            .status
            .success()
    );
    assert_eq!(world.roll_out(DEV, ROUTER).await, ModuleStatus::Errored);
    let state = world.environment(DEV);
    let last = state.settled.last().unwrap();
    assert_eq!(
        last.intent.object.name, "fission-router-config",
        "it is named"
    );
    let MutationOutcome::NotApplied { reason, .. } = &last.outcome else {
        panic!("{last:?}")
    };
    assert!(reason.contains("changed since"), "{reason}");
    assert_eq!(
        world.config(DEV, "fission-router-config").await["KEEPALIVE_CONNECTIONS"],
        "1024"
    );
    assert_eq!(
        world.carried_out(DEV, "/configmaps/fission-router-config"),
        0
    );
    assert_eq!(world.versions(DEV).await[ROUTER], "1.15.3");
    world.then_the_ledger_holds().await;
    world.end().await;
}
