//! Random live objects, releases and edits of others. A model that knows of single fields only says what
//! has to be there after the rollback, and after the next release.

use std::collections::BTreeMap;

use engine::ports::Outgoing;
use futures::{StreamExt, stream};
use kube::api::{Patch, PatchParams};
use serde_json::{Map, Value, json};

use crate::bench::*;
use crate::rows::{api, creates, live, releases, rollback, rolls_back};

/// Cases at once; each has an object of its own.
const AT_ONCE: usize = 4;

pub async fn only_our_delta_is_gone(bench: &Bench) {
    // One that failed is run alone with its seed, itself as the first and one case.
    let cases = number("CASES", 60);
    let (seed, first) = (number("SEED", 13), number("FIRST", 0));
    let runs = stream::iter(first..first + cases).map(|case| one(bench, seed, case));
    let kept: Vec<usize> = runs.buffer_unordered(AT_ONCE).collect().await;
    let (changed, kept) = (kept.len(), kept.iter().sum::<usize>());
    println!("{changed} rollbacks, {kept} fields of others kept and named");
}

fn number(name: &str, usual: u64) -> u64 {
    let given = std::env::var(format!("PILOTHOUSE_ROLLBACK_{name}"));
    given
        .ok()
        .map_or(usual, |given| given.parse().expect("a number"))
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    fn fields(&mut self, kind: Kind) -> Fields {
        let mut fields = Fields::new();
        for place in kind.places() {
            for key in ["a", "b", "c", "d"] {
                if self.below(2) == 0 {
                    fields.insert((place, key), self.below(3).to_string());
                }
            }
        }
        fields
    }
}

type Field = (&'static str, &'static str);
type Fields = BTreeMap<Field, String>;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    ConfigMap,
    Secret,
    Service,
    Deployment,
}

impl Kind {
    fn places(self) -> &'static [&'static str] {
        match self {
            Kind::ConfigMap | Kind::Secret => &["labels", "annotations", "data"],
            Kind::Service => &["labels", "annotations"],
            Kind::Deployment => &["labels", "annotations", "template", "env"],
        }
    }

    fn outgoing(self, name: &str, fields: &Fields) -> Outgoing {
        let mut outgoing = match self {
            Kind::Deployment => deployment(name, "x:1"),
            _ => config_map(name, json!({})),
        };
        let of = |place: &str| -> Map<String, Value> {
            let found = fields.iter().filter(|((at, _), _)| *at == place);
            found
                .map(|((_, key), value)| ((*key).to_owned(), json!(value)))
                .collect()
        };
        match self {
            Kind::ConfigMap => outgoing.body["data"] = json!(of("data")),
            Kind::Secret => {
                outgoing.object.kind = "Secret".into();
                outgoing.body = json!({
                    "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": of("data"),
                });
            }
            Kind::Service => {
                outgoing.object.kind = "Service".into();
                outgoing.body = json!({
                    "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
                    "spec": {"ports": [{"port": 80}], "selector": {"app": name}},
                });
            }
            Kind::Deployment => {
                outgoing.body["spec"]["replicas"] = json!(0);
                let template = &mut outgoing.body["spec"]["template"];
                template["metadata"]["annotations"] = json!(of("template"));
                let env = of("env")
                    .into_iter()
                    .map(|(name, value)| json!({"name": name, "value": value}));
                template["spec"]["containers"][0]["env"] = env.collect();
            }
        }
        outgoing.body["metadata"]["labels"] = json!(of("labels"));
        outgoing.body["metadata"]["annotations"] = json!(of("annotations"));
        outgoing
    }

    /// The fields of the model in a live object.
    fn read(self, body: &Value) -> Fields {
        let mut fields = Fields::new();
        for place in self.places() {
            let found = match *place {
                "labels" | "annotations" => &body["metadata"][*place],
                "template" => &body["spec"]["template"]["metadata"]["annotations"],
                "env" => &body["spec"]["template"]["spec"]["containers"][0]["env"],
                other => &body[other],
            };
            for key in ["a", "b", "c", "d"] {
                let value = match found {
                    Value::Array(list) => {
                        list.iter().find(|e| e["name"] == key).map(|e| &e["value"])
                    }
                    map => map.get(key),
                };
                if let Some(text) = value.and_then(Value::as_str) {
                    let text = if self == Kind::Secret && *place == "data" {
                        let bytes = base64::Engine::decode(
                            &base64::engine::general_purpose::STANDARD,
                            text,
                        );
                        String::from_utf8(bytes.unwrap()).unwrap()
                    } else {
                        text.to_owned()
                    };
                    fields.insert((place, key), text);
                }
            }
        }
        fields
    }

    /// A patch by somebody else; no value removes a field.
    fn edit(self, edits: &BTreeMap<Field, Option<String>>) -> Value {
        let mut patch = json!({});
        for ((place, key), value) in edits {
            match *place {
                "labels" | "annotations" => patch["metadata"][*place][*key] = json!(value),
                "template" => {
                    patch["spec"]["template"]["metadata"]["annotations"][*key] = json!(value)
                }
                "data" if self == Kind::Secret => match value {
                    Some(value) => patch["stringData"][*key] = json!(value),
                    None => patch["data"][*key] = Value::Null,
                },
                "env" => {
                    let container = &mut patch["spec"]["template"]["spec"]["containers"];
                    if container.is_null() {
                        *container = json!([{"name": "main", "env": []}]);
                    }
                    let element = match value {
                        Some(value) => json!({"name": key, "value": value}),
                        None => json!({"name": key, "$patch": "delete"}),
                    };
                    container[0]["env"].as_array_mut().unwrap().push(element);
                }
                other => patch[other][*key] = json!(value),
            }
        }
        patch
    }
}

/// Answers how many fields of others the rollback kept and named.
async fn one(bench: &Bench, seed: u64, case: u64) -> usize {
    let mut dice = Dice(seed.wrapping_mul(1_000_003).wrapping_add(case));
    let kinds = [
        Kind::ConfigMap,
        Kind::Secret,
        Kind::Service,
        Kind::Deployment,
    ];
    let kind = kinds[dice.below(4) as usize];
    let name = format!("random-{seed}-{case}");
    let told = format!("seed {seed} case {case} {kind:?}");
    let made = dice.fields(kind);
    let object = kind.outgoing(&name, &made);
    let applied_by_kubectl = dice.below(3) == 0;
    let manager = if applied_by_kubectl {
        "kubectl-client-side-apply"
    } else {
        "kubectl-create"
    };
    creates(bench, &object, manager, &object.body).await;
    // Whose a field is: what kubectl applied counts as ours once we have released.
    let mut ours: BTreeMap<Field, bool> = made.keys().map(|f| (*f, applied_by_kubectl)).collect();

    if dice.below(2) == 0 {
        let first = dice.fields(kind);
        releases(bench, &format!("{name}-1"), &kind.outgoing(&name, &first)).await;
        for (field, value) in &first {
            // What is there with the same value is shared, and stays its owner's.
            let shared = made.get(field) == Some(value) && !applied_by_kubectl;
            ours.insert(*field, !shared);
        }
        // Gone with the release.
        ours.retain(|field, ours| !*ours || first.contains_key(field));
    }
    let before = live(bench, &object.object).await;
    let second = kind.outgoing(&name, &dice.fields(kind));
    let sent = releases(bench, &format!("{name}-2"), &second).await;

    let was = kind.read(&before.body);
    let wrote = kind.read(sent.written.as_ref().unwrap());
    let mut edits: BTreeMap<Field, Option<String>> = BTreeMap::new();
    for place in kind.places() {
        for key in ["a", "b", "c", "d"] {
            match dice.below(6) {
                0 => drop(edits.insert((place, key), Some(format!("edit-{case}")))),
                1 if wrote.contains_key(&(*place, key)) => drop(edits.insert((place, key), None)),
                _ => {}
            }
        }
    }
    edit(bench, &object, kind, &edits).await;
    let is = kind.read(&live(bench, &object.object).await.body);
    let fields = || was.keys().chain(wrote.keys()).chain(is.keys());
    let (mut expected, mut named) = (Fields::new(), 0);
    for field in fields() {
        let (was, wrote, is) = (was.get(field), wrote.get(field), is.get(field));
        let stays = was == wrote || is != wrote;
        if let Some(value) = if stays { is } else { was } {
            expected.insert(*field, value.clone());
        }
    }
    for field in fields().collect::<std::collections::BTreeSet<_>>() {
        let (was, wrote, is) = (was.get(field), wrote.get(field), is.get(field));
        named += usize::from(was != wrote && is != wrote && is != was);
    }
    let back = rollback(&second, &before, &sent);
    let preview = bench.cluster.preview_rollback(&back).await.unwrap();
    assert_eq!(preview.rejected, None, "{told}");
    assert_eq!(preview.theirs.len(), named, "{told} {:?}", preview.theirs);
    let after = rolls_back(bench, &format!("{name}-3"), &back).await;
    assert_eq!(
        kind.read(&after.body),
        expected,
        "after the rollback, {told}"
    );
    let shown = preview.after.as_ref().map(|body| kind.read(body));
    assert_eq!(
        shown,
        Some(expected.clone()),
        "as the preview showed it, {told}"
    );

    for (field, edit) in &edits {
        match edit {
            Some(_) => drop(ours.insert(*field, false)),
            None => drop(ours.remove(field)),
        }
    }
    let third = dice.fields(kind);
    releases(bench, &format!("{name}-4"), &kind.outgoing(&name, &third)).await;
    let now = kind.read(&live(bench, &object.object).await.body);
    let mut wanted = third;
    for (field, value) in &expected {
        let kept = !ours.get(field).copied().unwrap_or(false);
        if kept {
            wanted.entry(*field).or_insert_with(|| value.clone());
        }
    }
    assert_eq!(
        now, wanted,
        "after the next release, {told}: before {was:?}, wrote {wrote:?}, edits {edits:?}, ours {ours:?}, \
         owners before it {}",
        after.managed
    );
    api(bench, &object.object)
        .delete(&name, &Default::default())
        .await
        .unwrap();
    named
}

async fn edit(
    bench: &Bench,
    object: &Outgoing,
    kind: Kind,
    edits: &BTreeMap<Field, Option<String>>,
) {
    if edits.is_empty() {
        return;
    }
    let params = PatchParams {
        field_manager: Some("kubectl-edit".into()),
        ..PatchParams::default()
    };
    let patch = Patch::Strategic(kind.edit(edits));
    api(bench, &object.object)
        .patch(&object.object.name, &params, &patch)
        .await
        .unwrap();
}
