//! Pausing, watching and following logs.

use std::sync::Arc;

use domain::{MutationOutcome, MutationVerb, Precondition};
use engine::ports::{Picture, RolloutPhase, WorkloadPicture};

use super::*;

pub async fn a_rollout_is_paused_goes_on_and_is_seen(bench: &Bench) {
    let old = deployment("seen", &bench.images[0]);
    let watching = bench
        .cluster
        .watch(std::slice::from_ref(&old.object))
        .await
        .unwrap();
    let mut pictures = watching.pictures();
    let empty = picture(&mut pictures, |p| p.connected).await;
    assert_eq!(
        (empty.workloads.len(), &empty.workloads[0].rollout),
        (1, &None)
    );
    assert_eq!(
        bench.cluster.rollout(&old.object).await.unwrap().phase,
        RolloutPhase::Missing
    );

    bench.applied("m-1", &old).await;
    picture(&mut pictures, |p| complete(&p.workloads[0])).await;
    let reading = bench.cluster.rollout(&old.object).await.unwrap();
    assert_eq!(
        (reading.phase, reading.wanted, reading.available),
        (RolloutPhase::Complete, 2, 2)
    );
    let mut logs = watching.logs(&old.object, 10);
    let line = tokio::time::timeout(PATIENCE, logs.recv())
        .await
        .unwrap()
        .unwrap();
    assert!(
        line.at.is_some() && line.pod.starts_with("seen-") && !line.text.is_empty(),
        "{line:?}"
    );

    let head = bench.head(&old.object).await;
    let pause = intent(
        "m-2",
        MutationVerb::Pause,
        &old.object,
        Precondition::Unchanged(head.clone()),
    );
    let MutationOutcome::Applied { live: Some(paused) } =
        bench.cluster.send(&pause, None, &[]).await.outcome
    else {
        panic!()
    };
    assert_eq!(
        paused.content, head.content,
        "pausing is no change of content"
    );
    assert!(bench.cluster.rollout(&old.object).await.unwrap().paused);
    assert!(matches!(
        bench.cluster.read_back(&pause).await.unwrap().outcome,
        MutationOutcome::Applied { .. }
    ));
    let new = deployment("seen", &bench.images[1]);
    let preview = bench.cluster.preview(&new).await.unwrap();
    assert!(preview.conflicts.is_empty(), "{:?}", preview.conflicts);
    let by_person: Vec<_> = preview
        .fields
        .iter()
        .filter(|f| f.author == domain::FieldAuthor::Manifest)
        .map(|f| f.path.as_str())
        .collect();
    assert_eq!(
        by_person,
        ["spec.template.spec.containers[name=main].image"]
    );
    bench.applied("m-3", &new).await;
    let unpause = intent(
        "m-4",
        MutationVerb::Unpause,
        &old.object,
        Precondition::Unchanged(bench.head(&old.object).await),
    );
    assert!(matches!(
        bench.cluster.send(&unpause, None, &[]).await.outcome,
        MutationOutcome::Applied { .. }
    ));
    let done = picture(&mut pictures, |p| {
        complete(&p.workloads[0]) && p.workloads[0].pods.len() == 2
    })
    .await;
    assert!(
        done.workloads[0]
            .pods
            .iter()
            .all(|p| p.newest && p.ready && p.node.is_some() && p.ready_at.is_some())
    );
    assert!(
        done.events
            .iter()
            .any(|e| e.object == "Deployment/seen" && e.reason == "ScalingReplicaSet"),
        "{:?}",
        done.events
    );
    let newest: Vec<String> = done.workloads[0]
        .pods
        .iter()
        .map(|p| p.name.clone())
        .collect();
    let of_new = async {
        while let Some(line) = logs.recv().await {
            if newest.contains(&line.pod) {
                return true;
            }
        }
        false
    };
    assert!(
        tokio::time::timeout(PATIENCE, of_new).await.unwrap(),
        "no log of a new pod"
    );
    drop(watching);
    assert!(
        tokio::time::timeout(PATIENCE, pictures.wait_for(|_| false))
            .await
            .unwrap()
            .is_err(),
        "a dropped watch ends"
    );
}

fn complete(workload: &WorkloadPicture) -> bool {
    let done = workload
        .rollout
        .as_ref()
        .is_some_and(|r| r.phase == RolloutPhase::Complete && !r.paused);
    done && workload.pods.iter().filter(|p| p.newest && p.ready).count() == 2
}

pub async fn picture(
    pictures: &mut tokio::sync::watch::Receiver<Option<Arc<Picture>>>,
    holds: impl Fn(&Picture) -> bool,
) -> Arc<Picture> {
    let wait = pictures.wait_for(|picture| picture.as_deref().is_some_and(&holds));
    let found = tokio::time::timeout(PATIENCE, wait).await;
    if let Ok(found) = found {
        return found.unwrap().clone().unwrap();
    }
    drop(found);
    panic!("never so: {:#?}", pictures.borrow().clone())
}
