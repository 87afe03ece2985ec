//! What goes well and what goes wrong with the pods of a Deployment, as the cluster tells it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::case::{Case, condition, is_rolled_out, name};

fn surge(mut body: Value, surge: u32, unavailable: u32) -> Value {
    body["spec"]["strategy"] = json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}});
    body
}

/// The waiting container's reason of any pod of the app.
fn waiting(list: &Value) -> Vec<&str> {
    let pods = list["items"].as_array().into_iter().flatten();
    pods.filter_map(|p| p["status"]["containerStatuses"][0]["state"]["waiting"]["reason"].as_str())
        .collect()
}

pub async fn a_rolling_update_keeps_the_minimum_and_counts(case: &Case) {
    case.deploy(&surge(case.deployment("d", 3, "1"), 1, 0))
        .await;
    let applied = case
        .apply(
            "apps/deployments/d",
            "deployer",
            &surge(case.deployment("d", 3, "2"), 1, 0),
        )
        .await
        .good();
    let (mut least, mut most, mut reasons) = (3, 0, Vec::new());
    let deadline = Instant::now() + Duration::from_secs(60);
    let done = loop {
        let now = case.get("apps/deployments/d").await.good();
        let count = |field: &str| now["status"][field].as_u64().unwrap_or(0);
        least = least.min(count("availableReplicas"));
        // What is asked for. The Deployment's own count adds up what its sets last said of themselves,
        // which is out of date while pods are on their way out.
        let sets = case.replica_sets("d").await;
        let asked = sets
            .iter()
            .filter_map(|set| set["spec"]["replicas"].as_u64());
        most = most.max(asked.sum());
        if now["status"]["observedGeneration"] == now["metadata"]["generation"] {
            let reason = condition(&now, "Progressing")["reason"]
                .as_str()
                .unwrap()
                .to_owned();
            if reasons.last() != Some(&reason) {
                reasons.push(reason);
            }
            assert_eq!(condition(&now, "Available")["status"], "True");
        }
        if is_rolled_out(&now) && now["metadata"]["generation"] == applied["metadata"]["generation"]
        {
            break now;
        }
        assert!(Instant::now() < deadline, "{now}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert!(
        least >= 3 && most <= 4,
        "never less than wanted, never more than the surge: {least}, {most}"
    );
    assert_eq!(
        reasons.last().map(String::as_str),
        Some("NewReplicaSetAvailable"),
        "{reasons:?}"
    );
    let status = done["status"].as_object().unwrap();
    for field in [
        "replicas",
        "updatedReplicas",
        "readyReplicas",
        "availableReplicas",
    ] {
        assert_eq!(status[field], 3, "{field}");
    }
    assert!(
        !status.contains_key("unavailableReplicas"),
        "zero is left out"
    );
    let progressing = condition(&done, "Progressing");
    let message = progressing["message"].as_str().unwrap();
    assert!(
        message.starts_with("ReplicaSet \"d-")
            && message.ends_with("\" has successfully progressed."),
        "{message}"
    );
    let available = condition(&done, "Available");
    assert_eq!(
        (available["reason"].as_str(), available["message"].as_str()),
        (
            Some("MinimumReplicasAvailable"),
            Some("Deployment has minimum availability.")
        )
    );
}

pub async fn a_missed_deadline_is_told(case: &Case) {
    let body = |tag: &str| {
        let mut body = surge(case.deployment("d", 2, tag), 1, 0);
        body["spec"]["progressDeadlineSeconds"] = json!(2);
        body
    };
    case.deploy(&body("1")).await;
    case.apply("apps/deployments/d", "deployer", &body("hangs"))
        .await
        .good();
    let missed = |d: &Value| condition(d, "Progressing")["reason"] == "ProgressDeadlineExceeded";
    let now = case
        .until("apps/deployments/d", "missed deadline", missed)
        .await;
    let progressing = condition(&now, "Progressing");
    assert_eq!(progressing["status"], "False");
    let message = progressing["message"].as_str().unwrap();
    assert!(
        message.starts_with("ReplicaSet \"d-")
            && message.ends_with("\" has timed out progressing."),
        "{message}"
    );
    let count = |field: &str| now["status"][field].as_u64().unwrap_or(0);
    assert_eq!(
        [
            "replicas",
            "updatedReplicas",
            "readyReplicas",
            "availableReplicas",
            "unavailableReplicas"
        ]
        .map(count),
        [3, 1, 2, 2, 1]
    );
    assert_eq!(
        condition(&now, "Available")["status"],
        "True",
        "the old pods still serve"
    );
    // Going back is progress again.
    let back = case.deploy(&body("1")).await;
    assert_eq!(condition(&back, "Progressing")["status"], "True");
}

pub async fn an_image_that_cannot_be_pulled_is_told(case: &Case) {
    case.apply(
        "apps/deployments/d",
        "deployer",
        &case.deployment("d", 1, "missing"),
    )
    .await
    .good();
    let backing_off = |list: &Value| waiting(list).contains(&"ImagePullBackOff");
    let pods = case
        .until(
            "pods?labelSelector=app%3Dd",
            "ImagePullBackOff",
            backing_off,
        )
        .await;
    let pod = &pods["items"][0];
    assert_eq!(pod["status"]["phase"], "Pending");
    assert_eq!(condition(pod, "Ready")["reason"], "ContainersNotReady");
    assert_eq!(pod["status"]["containerStatuses"][0]["restartCount"], 0);
    let message = pod["status"]["containerStatuses"][0]["state"]["waiting"]["message"]
        .as_str()
        .unwrap();
    assert!(
        message.starts_with("Back-off pulling image \"pilothouse.example/conformance:missing\""),
        "{message}"
    );
    let both = |list: &Value| {
        let found: Vec<_> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| (e["type"].clone(), e["reason"].clone()))
            .collect();
        found.contains(&(json!("Warning"), json!("Failed")))
            && found.contains(&(json!("Normal"), json!("BackOff")))
    };
    case.until(
        "events?fieldSelector=involvedObject.kind%3DPod",
        "Failed and BackOff",
        both,
    )
    .await;
    let now = case.get("apps/deployments/d").await.good();
    let available = condition(&now, "Available");
    assert_eq!(
        (
            available["status"].as_str(),
            available["reason"].as_str(),
            available["message"].as_str()
        ),
        (
            Some("False"),
            Some("MinimumReplicasUnavailable"),
            Some("Deployment does not have minimum availability.")
        )
    );
}

pub async fn a_crash_loop_is_told(case: &Case) {
    case.apply(
        "apps/deployments/d",
        "deployer",
        &case.deployment("d", 1, "exits"),
    )
    .await
    .good();
    let restarted = |list: &Value| {
        list["items"][0]["status"]["containerStatuses"][0]["restartCount"].as_u64() >= Some(1)
    };
    let looping = |list: &Value| waiting(list).contains(&"CrashLoopBackOff") && restarted(list);
    let pods = case
        .until("pods?labelSelector=app%3Dd", "CrashLoopBackOff", looping)
        .await;
    let (pod, container) = (
        &pods["items"][0],
        &pods["items"][0]["status"]["containerStatuses"][0],
    );
    assert_eq!(pod["status"]["phase"], "Running");
    assert!(container["restartCount"].as_u64().unwrap() >= 1);
    let ended = &container["lastState"]["terminated"];
    assert_eq!(
        (&ended["exitCode"], ended["reason"].as_str()),
        (&json!(1), Some("Error"))
    );
    let message = container["state"]["waiting"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("back-off ")
            && message.contains("restarting failed container=main pod="),
        "{message}"
    );
    let warned = |list: &Value| {
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|e| e["type"] == "Warning" && e["reason"] == "BackOff")
    };
    case.until(
        "events?fieldSelector=involvedObject.kind%3DPod",
        "BackOff",
        warned,
    )
    .await;
    let log = case
        .get(&format!("pods/{}/log?previous=true", name(pod)))
        .await;
    assert_eq!(log.status, 200);
    assert!(!log.text.is_empty());
}

pub async fn a_slow_start_is_waited_for(case: &Case) {
    let began = Instant::now();
    case.apply(
        "apps/deployments/d",
        "deployer",
        &case.deployment("d", 1, "slow"),
    )
    .await
    .good();
    let running = |list: &Value| list["items"][0]["status"]["phase"] == "Running";
    let pods = case
        .until("pods?labelSelector=app%3Dd", "running pod", running)
        .await;
    assert_eq!(condition(&pods["items"][0], "Ready")["status"], "False");
    case.until("apps/deployments/d", "readiness", is_rolled_out)
        .await;
    assert!(began.elapsed() >= Duration::from_secs(2));
}

/// Known difference.
pub async fn scaling_during_an_update_is_proportional(case: &Case) {
    case.deploy(&surge(case.deployment("d", 4, "1"), 2, 0))
        .await;
    case.apply(
        "apps/deployments/d",
        "deployer",
        &surge(case.deployment("d", 4, "hangs"), 2, 0),
    )
    .await
    .good();
    let surged = |d: &Value| d["status"]["replicas"] == 6 && d["status"]["updatedReplicas"] == 2;
    case.until("apps/deployments/d", "surge", surged).await;
    case.apply(
        "apps/deployments/d",
        "deployer",
        &surge(case.deployment("d", 7, "hangs"), 2, 0),
    )
    .await
    .good();
    let scaled = |d: &Value| {
        d["status"]["replicas"] == 9
            && d["status"]["observedGeneration"] == d["metadata"]["generation"]
    };
    let now = case.until("apps/deployments/d", "nine pods", scaled).await;
    assert_eq!(now["status"]["updatedReplicas"], 3, "both sets grow");
}

pub async fn a_lost_pod_comes_back(case: &Case) {
    case.deploy(&case.deployment("d", 1, "1")).await;
    let lost = case.pods("d").await.remove(0);
    case.delete(&format!("pods/{}?gracePeriodSeconds=0", name(&lost)))
        .await
        .good();
    let another = |list: &Value| {
        let pods = list["items"].as_array().unwrap();
        pods.len() == 1
            && pods[0]["metadata"]["uid"] != lost["metadata"]["uid"]
            && condition(&pods[0], "Ready")["status"] == "True"
    };
    case.until("pods?labelSelector=app%3Dd", "another pod", another)
        .await;
}

pub async fn deleting_a_deployment_takes_everything_along(case: &Case) {
    case.deploy(&case.deployment("d", 1, "1")).await;
    case.delete("apps/deployments/d").await.good();
    for what in ["apps/replicasets", "pods"] {
        case.until(what, "empty list", |list| {
            list["items"].as_array().is_some_and(Vec::is_empty)
        })
        .await;
    }
}

pub async fn recreate_ends_the_old_before_the_new(case: &Case) {
    let body = |tag: &str| {
        let mut body = case.deployment("d", 2, tag);
        body["spec"]["strategy"] = json!({"type": "Recreate"});
        body
    };
    case.deploy(&body("1")).await;
    case.apply("apps/deployments/d", "deployer", &body("2"))
        .await
        .good();
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let pods = case.pods("d").await;
        let images: std::collections::BTreeSet<_> = pods
            .iter()
            .filter(|p| p["status"]["phase"] == "Running" || p["status"]["phase"] == "Pending")
            .map(|p| p["spec"]["containers"][0]["image"].as_str().unwrap())
            .collect();
        assert!(images.len() <= 1, "old and new at once: {images:?}");
        if is_rolled_out(&case.get("apps/deployments/d").await.good())
            && images.iter().all(|i| i.ends_with(":2"))
        {
            break;
        }
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
