//! Other people work on the same objects, and a definition is deleted.

use std::sync::Arc;

use acceptance::wire::{Fate, Hook, Trap, hook};
use acceptance::world::{Caller, ENVIRONMENT, Given, MODULE};
use domain::{ModuleStatus, MutationOutcome, NotAppliedCause};
use engine::RollbackEffect;
use http::Method;
use serde_json::json;
use workspace::example;

use crate::given::{behind_a_proxy, given, slow};
use crate::ground::{Ground, OLD, THEIRS};
use crate::story::{DEPLOYMENT, STAGE, Story};
use crate::then::managers;

/// The old version came with `kubectl apply`: the fields are somebody else's, the review says so, and
/// the write takes over exactly those.
pub async fn the_fields_are_somebody_elses(ground: Arc<Ground>) {
    let given = Given {
        ours: false,
        ..given(&ground)
    };
    let Some(story) = Story::at_the_gate(&ground, given).await else {
        return;
    };
    assert_eq!(managers(&story.deployment().await)[0], "kubectl");
    assert_eq!(
        story.roll_out().await,
        ModuleStatus::Passed,
        "{}",
        story.reason()
    );
    story.then_it_is_new().await;
    let codes: Vec<_> = story
        .heard_of("deployments")
        .iter()
        .map(|heard| heard.code)
        .collect();
    assert_eq!(
        codes,
        [Some(409), Some(200)],
        "refused with the owners' names, then taken over"
    );
    story.goes_back().await;
    story.ends().await;
}

/// Somebody edits an object between the review and the write: it is theirs, and stays.
pub async fn somebody_edits_before_the_write(ground: Arc<Ground>) {
    let Some(story) = Story::at_the_gate(&ground, given(&ground)).await else {
        return;
    };
    set_image(&story).await;
    assert_eq!(story.roll_out().await, ModuleStatus::Errored);
    assert!(
        story.reason().contains("changed since the diff"),
        "{}",
        story.reason()
    );
    assert_eq!(story.version().await, THEIRS);
    assert_eq!(story.heard_of("deployments"), []);
    assert!(matches!(
        story.outcomes("Deployment").as_slice(),
        [MutationOutcome::NotApplied {
            cause: NotAppliedCause::Outdated,
            ..
        }]
    ));
    // Back goes what the release has changed. What it never touched is none of its business.
    story.world.go_back(ENVIRONMENT).await;
    assert_eq!(
        (story.version().await.as_str(), story.recycling().await),
        (THEIRS, "120".into())
    );
    assert_eq!(story.heard_of("deployments"), []);
    story.ends().await;
}

/// The object moves between the last look and the write, its content does not: 409, and once more.
pub async fn the_object_moves_under_the_write(ground: Arc<Ground>) {
    let (given, proxy) = behind_a_proxy(&ground).await;
    let Some(story) = Story::at_the_gate(&ground, given).await else {
        return;
    };
    // An annotation of ours is bookkeeping, and content to nobody.
    let move_on = annotate(&story, "release.pilothouse/seen=1");
    proxy.set(Trap::next(Method::PATCH, DEPLOYMENT, Fate::Passes).before(move_on));
    assert_eq!(
        story.roll_out().await,
        ModuleStatus::Passed,
        "{}",
        story.reason()
    );
    let codes: Vec<_> = story
        .heard_of("deployments")
        .iter()
        .map(|heard| heard.code)
        .collect();
    // Its controller may write its status down meanwhile, which moves it once more.
    let (last, before) = codes.split_last().unwrap();
    assert_eq!(*last, Some(200), "{codes:?}");
    assert!(!before.is_empty(), "{codes:?}");
    assert!(before.iter().all(|code| *code == Some(409)), "{codes:?}");
    assert_eq!(story.outcomes("Deployment").len(), 1);
    story.then_it_is_new().await;
    story.goes_back().await;
    story.ends().await;
}

/// The object moves, and its content as well: 409, and that is the end of it.
pub async fn somebody_edits_under_the_write(ground: Arc<Ground>) {
    let (given, proxy) = behind_a_proxy(&ground).await;
    let Some(story) = Story::at_the_gate(&ground, given).await else {
        return;
    };
    let edit = annotate(&story, "team=theirs");
    proxy.set(Trap::next(Method::PATCH, DEPLOYMENT, Fate::Passes).before(edit));
    assert_eq!(story.roll_out().await, ModuleStatus::Errored);
    assert!(
        story.reason().contains("changed since the diff"),
        "{}",
        story.reason()
    );
    let codes: Vec<_> = story
        .heard_of("deployments")
        .iter()
        .map(|heard| heard.code)
        .collect();
    assert_eq!(codes, [Some(409)]);
    assert_eq!(story.version().await, OLD);
    // Looked at again, reviewed again: theirs stays, ours comes to it, and both are in the backup.
    story.world.diff(ENVIRONMENT).await.unwrap();
    story.world.review(ENVIRONMENT).await.unwrap();
    story.goes_back().await;
    assert_eq!(
        story.deployment().await["metadata"]["annotations"]["team"],
        "theirs"
    );
    story.ends().await;
}

/// Somebody scales the Deployment while it rolls out.
pub async fn somebody_scales_during_the_rollout(ground: Arc<Ground>) {
    let Some(story) = Story::at_the_gate(&ground, slow(given(&ground))).await else {
        return;
    };
    story.begin().await;
    story.deployment_is_written().await;
    story
        .kubectl(&["scale", "deployment", MODULE, "--replicas=3"])
        .await;
    assert_eq!(story.ended().await, ModuleStatus::Errored);
    let reason = story.reason();
    println!("  the operator reads: {reason}");
    assert!(
        reason.contains("Deployment/fission-executor: somebody changed it"),
        "{reason}"
    );
    assert!(reason.contains("spec.replicas (kubectl)"), "{reason}");
    assert_eq!(story.deployment().await["spec"]["replicas"], 3);
    // The release did not change the number: nothing of it is to be taken back.
    story.goes_back().await;
    assert_eq!(story.deployment().await["spec"]["replicas"], 3);
    story.ends().await;
}

/// Somebody sets another image while it rolls out; what gets healthy is theirs.
pub async fn somebody_sets_another_image_during_the_rollout(ground: Arc<Ground>) {
    let Some(story) = Story::at_the_gate(&ground, slow(given(&ground))).await else {
        return;
    };
    story.begin().await;
    story.deployment_is_written().await;
    set_image(&story).await;
    assert_eq!(story.ended().await, ModuleStatus::Errored);
    let reason = story.reason();
    println!("  the operator reads: {reason}");
    assert!(
        reason.contains("Deployment/fission-executor: somebody changed it"),
        "{reason}"
    );
    assert!(reason.contains(".image"), "{reason}");
    assert_eq!(story.version().await, THEIRS);
    // What the preview says is what then happens.
    let preview = story
        .world
        .does(ENVIRONMENT, |engine, id, _, environment| async move {
            engine.preview_rollback(&id, &environment).await
        })
        .await
        .unwrap();
    let of = |kind: &str| preview.iter().find(|one| one.object.kind == kind).unwrap();
    let deployment = of("Deployment");
    assert!(
        deployment
            .theirs
            .iter()
            .any(|kept| kept.path.contains(".image")),
        "{deployment:?}"
    );
    let config = of("ConfigMap");
    assert_eq!(config.effect, RollbackEffect::Restore);
    let recycling = config
        .fields
        .iter()
        .find(|field| field.path.contains("POOL_RECYCLE"));
    let recycling = recycling.map(|field| (field.before.as_deref(), field.after.as_deref()));
    assert_eq!(recycling, Some((Some("\"60\""), Some("\"120\""))));
    story.world.go_back(ENVIRONMENT).await;
    assert_eq!(
        (story.version().await.as_str(), story.recycling().await),
        (THEIRS, "120".into())
    );
    their_edit_is_kept(&story, "Deployment", ".image");
    story.ends().await;
}

/// Somebody else's field manager edits the configuration while the workload rolls out.
pub async fn somebody_applies_the_configuration_during_the_rollout(ground: Arc<Ground>) {
    let Some(story) = Story::at_the_gate(&ground, slow(given(&ground))).await else {
        return;
    };
    story.begin().await;
    story.deployment_is_written().await;
    let theirs = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": crate::story::CONFIG, "namespace": ground.namespace },
        "data": { "POOL_RECYCLE_SECONDS": "7" },
    });
    let force = [
        "apply",
        "--server-side",
        "--force-conflicts",
        "--field-manager=argocd",
        "-f",
        "-",
    ];
    let output = ground
        .site
        .kubectl(Caller::Admin, &force, &theirs.to_string())
        .await;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(story.ended().await, ModuleStatus::Errored);
    let reason = story.reason();
    println!("  the operator reads: {reason}");
    assert!(
        reason.contains("data.POOL_RECYCLE_SECONDS (argocd)"),
        "{reason}"
    );
    story.world.go_back(ENVIRONMENT).await;
    assert_eq!(
        (story.version().await.as_str(), story.recycling().await),
        (OLD, "7".into())
    );
    their_edit_is_kept(&story, "ConfigMap", "POOL_RECYCLE_SECONDS");
    story.ends().await;
}

/// The definition of a custom kind is gone before the dry run.
pub async fn a_definition_is_missing_before_the_diff(ground: Arc<Ground>) {
    let Some(story) = Story::with_a_release(&ground, given(&ground)).await else {
        return;
    };
    story
        .kubectl(&["delete", "crd", "environments.fission.io"])
        .await;
    let failure = story.world.diff(ENVIRONMENT).await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "the cluster does not know fission.io/v1 Environment"
    );
    define_again(&ground).await;
    // The object itself went with its definition: the release makes it, and going back removes it.
    story.world.when_stage_is_ready(STAGE).await;
    assert_eq!(
        story.roll_out().await,
        ModuleStatus::Passed,
        "{}",
        story.reason()
    );
    story.object("environments.fission.io", "node").await;
    story.goes_back().await;
    assert_eq!(
        ground
            .site
            .get(&ground.namespace, "environments.fission.io", "node")
            .await,
        None
    );
    story.ends().await;
}

/// It goes between the review and the write.
pub async fn a_definition_is_deleted_before_the_write(ground: Arc<Ground>) {
    let mut given = given(&ground);
    given.limits.0.turned_away = std::time::Duration::from_secs(5);
    given.manifests = vec![("poolsize: 1", "poolsize: 2")];
    let Some(story) = Story::at_the_gate(&ground, given).await else {
        return;
    };
    story
        .kubectl(&["delete", "crd", "environments.fission.io"])
        .await;
    story.begin().await;
    story
        .says_while_waiting("does not know fission.io/v1 Environment")
        .await;
    assert_eq!(story.ended().await, ModuleStatus::Errored);
    assert!(
        story
            .reason()
            .contains("does not know fission.io/v1 Environment"),
        "{}",
        story.reason()
    );
    assert_eq!(story.version().await, OLD, "nothing after it was written");
    define_again(&ground).await;
    story.goes_back().await;
    story.ends().await;
}

async fn define_again(ground: &Arc<Ground>) {
    ground.site.apply(example::definitions().unwrap()).await;
    let ready = [
        "wait",
        "--for=condition=Established",
        "crd/environments.fission.io",
        "--timeout=60s",
    ];
    let output = ground.site.kubectl(Caller::Admin, &ready, "").await;
    assert!(output.status.success(), "{output:?}");
}

async fn set_image(story: &Story) {
    let image = format!("executor=pilothouse.example/{MODULE}:{THEIRS}");
    story
        .kubectl(&["set", "image", &format!("deployment/{MODULE}"), &image])
        .await;
}

/// What they changed is still there, and the rollback names it.
fn their_edit_is_kept(story: &Story, kind: &str, field: &str) {
    let back = story.world.environment(ENVIRONMENT).way_back.unwrap();
    let kept: Vec<_> = back
        .kept
        .iter()
        .flat_map(|(object, fields)| fields.iter().map(|field| (&*object.kind, &*field.path)))
        .collect();
    assert!(
        kept.iter()
            .any(|(of, path)| *of == kind && path.contains(field)),
        "{kept:?}"
    );
}

fn annotate(story: &Story, annotation: &'static str) -> Hook {
    let ground = story.ground.clone();
    hook(move || {
        let ground = ground.clone();
        async move {
            let arguments = [
                "--namespace",
                &ground.namespace,
                "annotate",
                "deployment",
                MODULE,
                annotation,
            ];
            let output = ground.site.kubectl(Caller::Admin, &arguments, "").await;
            assert!(output.status.success(), "{output:?}");
        }
    })
}
