//! A workspace and a cluster that somebody filled with hostile text wherever text may stand.

use std::path::{Path, PathBuf};

use rehearsal::{Cluster, ClusterSpec, Pace, User};
use serde_json::{Map, Value, json};

use crate::corpus::Hostile;

pub const TOKEN: &str = "not-a-secret-of-anybody";
/// The one environment's cluster and context.
pub const CONTEXT: &str = "bj-dev-01";
const NAMESPACE: &str = "fission-dev";
/// Longest title that a release may have.
const TITLE: usize = 80;

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/example")
}

/// A copy of the example workspace with another `pilothouse.yaml`. JSON is YAML, too.
pub fn copy_example(to: &Path, change: impl FnOnce(&mut Value)) {
    copy(&example(), to);
    let file = to.join("pilothouse.yaml");
    let mut yaml = value(&file);
    change(&mut yaml);
    write(&file, &yaml);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn value(file: &Path) -> Value {
    serde_saphyr::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// Escaped as far as YAML understands it: JSON's escapes are a part of YAML's, and what YAML does
/// not print has one.
fn escaped(content: &Value) -> String {
    let plain = serde_json::to_string(content).unwrap();
    plain
        .chars()
        .map(|c| match u32::from(c) {
            0x20..=0x7e => c.to_string(),
            code @ 0..=0xffff => format!("\\u{code:04x}"),
            code => format!("\\U{code:08x}"),
        })
        .collect()
}

fn write(file: &Path, content: &Value) {
    std::fs::write(file, escaped(content)).unwrap();
}

/// Shares all strings among a number of places: the first gets the first ones, and so on.
fn shared(all: &[&Hostile], places: usize) -> Vec<String> {
    let each = all.len().div_ceil(places);
    let parts = all.chunks(each).map(|part| {
        let texts: Vec<_> = part.iter().map(|one| one.text.as_str()).collect();
        texts.join(" ")
    });
    parts.collect()
}

/// One text for both languages.
fn text(words: &str) -> Value {
    json!(words)
}

/// Writes the workspace: the example's first stage with one environment, and every word of it
/// hostile. Identifiers cannot be: they have one spelling.
pub fn workspace(to: &Path, all: &[Hostile]) {
    let lines: Vec<&Hostile> = all.iter().filter(|one| one.is_line()).collect();
    // A page full of words takes 64 KiB at most; the long ones have places of their own.
    let short: Vec<&Hostile> = lines
        .iter()
        .copied()
        .filter(|one| one.text.len() < 200)
        .collect();
    copy_example(to, |yaml| fill(yaml, &lines, &short));
    for module in std::fs::read_dir(to.join("modules")).unwrap().flatten() {
        for environment in ["bj-test", "bj-ontest", "bj-prod"] {
            std::fs::remove_dir_all(module.path().join(environment)).unwrap();
        }
    }
    hostile_module(to, all);
}

fn fill(yaml: &mut Value, lines: &[&Hostile], short: &[&Hostile]) {
    let everything = shared(short, 1).remove(0);
    yaml["name"] = text(&everything);
    let stages = yaml["pipeline"].as_array_mut().unwrap();
    stages.truncate(2);
    for stage in stages.iter_mut() {
        stage["name"] = text(&everything);
        stage["environments"][0]["name"] = text(&everything);
    }
    stages[0]["soakSeconds"] = json!(0);
    let environments = stages[0]["environments"].as_array_mut().unwrap();
    environments.truncate(1);
    environments[0]["short"] = json!("\u{202e}<b>c9999z");
    // Typed by hand, so there are no spaces and nothing but ASCII in it.
    let armed = "bj-dev-01\"><img/src=x/onerror=window.__pwned=1>".repeat(4);
    environments[0]["cluster"] = json!(armed);

    // Long enough that somebody reads the log of a rollout before it is over.
    yaml["timings"]["stableSeconds"] = json!(60);
    let people = yaml["people"].as_array_mut().unwrap();
    for (index, name) in shared(lines, 60).into_iter().enumerate() {
        match people.get_mut(index) {
            Some(person) => person["name"] = json!(name),
            None => people
                .push(json!({ "id": format!("p{index}"), "name": name, "roles": ["operator"] })),
        }
    }

    let items = yaml["checklist"].as_array_mut().unwrap();
    for item in items.iter_mut() {
        item.as_object_mut().unwrap().remove("stages");
    }
    items.retain(|item| item["id"] != "images-scanned" && item["id"] != "smoke-timer");
    let own = items.len();
    for (index, words) in shared(short, 120).iter().enumerate() {
        if index >= own {
            items.push(json!({
                "id": format!("item-{index}"), "phase": "day2", "group": text("g"), "title": text("t"),
                "role": "verifier",
            }));
        }
        // What is signed on the way has one string each: its buttons stay in sight.
        let words = if index < own {
            &short[index].text
        } else {
            words
        };
        for field in ["title", "detail"] {
            items[index][field] = text(words);
        }
        items[index]["group"] = text(&words.chars().take(60).collect::<String>());
        items[index]["steps"] = json!([text(words)]);
    }

    let calls = shared(short, 120);
    yaml["onCall"] = calls
        .iter()
        .map(|words| json!({ "name": text(words), "reach": text(words) }))
        .collect();

    let draft = &mut yaml["draft"];
    let title: String = "\u{202e}</title><img src=x onerror=window.__pwned=1>\u{200b}c9998z"
        .chars()
        .take(TITLE)
        .collect();
    draft["title"] = json!(title);
    draft["background"] = json!(everything);
    draft["documents"] = shared(short, 60)
        .iter()
        .map(|words| json!({ "title": words, "url": format!("https://docs.example/{words}") }))
        .collect();
    let declarations = draft["declarations"].as_array_mut().unwrap();
    let objects = [
        "ConfigMap/fission-executor-config",
        "Deployment/fission-executor",
        "ConfigMap/hostile",
    ];
    for (index, object) in objects.into_iter().enumerate() {
        declarations.push(json!({ "text": short[index].text, "object": object }));
    }
    for words in shared(short, 120) {
        declarations.push(json!({ "text": words, "object": "ConfigMap/hostile", "path": format!("data.{}", words.chars().take(40).collect::<String>()) }));
    }
}

/// The executor's manifests with every string as an annotation, as a value, in an image's name.
fn hostile_module(to: &Path, all: &[Hostile]) {
    let folder = to.join("modules/fission-executor/bj-dev");
    let file = folder.join("deployment.yaml");
    let mut deployment = value(&file);
    let image = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
        .as_str()
        .unwrap()
        .to_owned();
    let container = &mut deployment["spec"]["template"]["spec"]["containers"][0];
    container["image"] = json!(format!(
        "{image}\"><img/src=x/onerror=window.__pwned=1>\u{202e}c9997z"
    ));
    container["env"] = all
        .iter()
        .filter(|one| one.is_line())
        .take(100)
        .map(|one| json!({ "name": format!("HOSTILE_{}", one.number), "value": one.text }))
        .collect();
    write(&file, &deployment);
    write(&folder.join("hostile.yaml"), &config("new", all));
}

fn config(side: &str, all: &[Hostile]) -> Value {
    let mut data = Map::new();
    let mut annotations = Map::new();
    for one in all.iter().filter(|one| one.is_line()) {
        data.insert(
            format!("text-{}", one.number),
            json!(format!("{side} {}", one.text)),
        );
        // All annotations of an object together may have 256 KiB.
        if one.text.len() < 300 {
            let name = format!("hostile.example/{}", one.marker());
            annotations.insert(name, json!(format!("{side} {}", one.text)));
        }
    }
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {
            "name": "hostile", "namespace": NAMESPACE, "annotations": annotations,
            "labels": { "app.kubernetes.io/name": "fission-executor", "app.kubernetes.io/part-of": "fission" },
        },
        "data": data,
    })
}

/// The cluster behind the environment, whose containers say every string.
pub async fn cluster(all: &[Hostile]) -> Cluster {
    let mut spec = ClusterSpec::new(CONTEXT, 7);
    spec.namespaces = vec![NAMESPACE.to_owned()];
    spec.users = vec![User::admin("zhangsan", TOKEN)];
    spec.pace = Pace::brisk();
    // A log's lines end where a line ends.
    spec.says = all.iter().map(|one| one.text.replace('\n', " ")).collect();
    let cluster = Cluster::start(spec).await.unwrap();
    let before = std::fs::read_to_string(example().join("before/bj-dev.yaml")).unwrap();
    let definitions = std::fs::read_to_string(example().join("before/definitions.yaml")).unwrap();
    for manifest in [&definitions, &before] {
        cluster
            .apply_manifest_as(::cluster::FIELD_MANAGER, manifest)
            .await
            .unwrap();
    }
    let old = serde_json::to_string(&config("old", all)).unwrap();
    cluster
        .apply_manifest_as(::cluster::FIELD_MANAGER, &old)
        .await
        .unwrap();
    cluster.settle().await;
    cluster
}

/// A kubeconfig whose other contexts have hostile names, users, addresses and commands.
pub fn kubeconfig(file: &Path, cluster: &Cluster, all: &[Hostile]) {
    let mut config: Value = serde_saphyr::from_str(&cluster.kubeconfig("zhangsan")).unwrap();
    let server = config["clusters"][0]["cluster"].clone();
    // A kubeconfig may have 1 MiB.
    for one in all.iter().filter(|one| one.text.len() < 200) {
        let words = &one.text;
        let mut cluster = json!(CONTEXT);
        if one.number % 20 == 0 {
            cluster = json!(words);
            let entry = json!({ "name": words, "cluster": server });
            config["clusters"].as_array_mut().unwrap().push(entry);
        }
        let user = if one.number % 2 == 0 {
            json!({ "exec": {
                "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never",
                "command": format!("/nowhere/{}", one.marker()), "args": [words, "--role"],
                "env": [{ "name": "HINT", "value": words }], "installHint": words,
            } })
        } else {
            json!({ "token": TOKEN })
        };
        let user = json!({ "name": words, "user": user });
        config["users"].as_array_mut().unwrap().push(user);
        let context = json!({ "cluster": cluster, "user": words });
        let context = json!({ "name": words, "context": context });
        config["contexts"].as_array_mut().unwrap().push(context);
    }
    write(file, &config);
}

/// What else the cluster tells about the executor's pods: an event with every string as its message
/// and one as its reason, and containers that wait for hostile reasons.
pub async fn unrest(cluster: &Cluster, all: &[Hostile]) {
    let api = api(cluster).await;
    let pods: kube::Api<kube::core::DynamicObject> = kube::Api::namespaced_with(
        api.clone(),
        NAMESPACE,
        &kube::core::ApiResource::erase::<k8s_openapi::api::core::v1::Pod>(&()),
    );
    let list = pods
        .list(&kube::api::ListParams::default().labels("app.kubernetes.io/name=fission-executor"))
        .await
        .unwrap();
    let pod = list.items.first().expect("a pod of the executor");
    for (index, one) in all.iter().enumerate() {
        let at = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let event = json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": { "name": format!("hostile.{index}"), "namespace": NAMESPACE },
            "involvedObject": {
                "kind": "Pod", "namespace": NAMESPACE, "uid": pod.metadata.uid, "apiVersion": "v1",
                "name": format!("{}{}", pod.metadata.name.as_deref().unwrap(), one.text),
            },
            "reason": one.text, "message": one.text, "type": "Warning", "count": index + 1,
            "firstTimestamp": at, "lastTimestamp": at,
            "source": { "component": one.text, "host": one.text },
        });
        let event = escaped(&event);
        cluster.apply_manifest(&event).await.unwrap();
        // The program keeps the newest two hundred.
        if index % 120 == 119 {
            tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
        }
    }
}

async fn api(cluster: &Cluster) -> kube::Client {
    let config = kube::config::Kubeconfig::from_yaml(&cluster.kubeconfig("zhangsan")).unwrap();
    let options = kube::config::KubeConfigOptions::default();
    let config = kube::Config::from_custom_kubeconfig(config, &options)
        .await
        .unwrap();
    kube::Client::try_from(config).unwrap()
}
