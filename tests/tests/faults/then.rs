//! Then: what kubectl sees, and what the API server's audit log has counted.

use std::collections::BTreeMap;

use acceptance::world::{ENVIRONMENT, MODULE};
use controlplane::Heard;
use domain::{MutationOutcome, MutationVerb, SettledMutation};
use serde_json::Value;

use crate::ground::{NEW, OLD};
use crate::story::{CONFIG, Story, is_applied, plural};

const MUTATION: &str = "/metadata/annotations/release.pilothouse~1mutation";

impl Story {
    /// An object as kubectl shows it, managed fields and all.
    pub async fn object(&self, kind: &str, name: &str) -> Value {
        let arguments = ["get", kind, name, "--output=json", "--show-managed-fields"];
        serde_json::from_str(&self.kubectl(&arguments).await).unwrap()
    }

    pub async fn deployment(&self) -> Value {
        self.object("deployment", MODULE).await
    }

    /// The version that the Deployment names.
    pub async fn version(&self) -> String {
        let deployment = self.deployment().await;
        let image = deployment["spec"]["template"]["spec"]["containers"][0]["image"].as_str();
        image
            .unwrap_or_default()
            .rsplit(':')
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    /// What the new version's configuration has changed.
    pub async fn recycling(&self) -> Value {
        self.object("configmap", CONFIG).await["data"]["POOL_RECYCLE_SECONDS"].clone()
    }

    /// The new version runs, by kubectl's own judgement, and is ours.
    pub async fn then_it_is_new(&self) {
        assert_eq!(
            (self.version().await.as_str(), self.recycling().await),
            (NEW, "60".into())
        );
        self.rolled_out().await;
        let owners = managers(&self.deployment().await);
        assert!(owners.contains(&"pilothouse".to_owned()), "{owners:?}");
    }

    /// The old version runs, by kubectl's own judgement, with its configuration.
    pub async fn then_it_is_as_before(&self) {
        assert_eq!(
            (self.version().await.as_str(), self.recycling().await),
            (OLD, "120".into())
        );
        self.rolled_out().await;
    }

    async fn rolled_out(&self) {
        let name = format!("deployment/{MODULE}");
        let said = self
            .kubectl(&["rollout", "status", &name, "--timeout=60s"])
            .await;
        assert!(said.contains("successfully rolled out"), "{said}");
    }

    /// Writes of the program in the story's namespace as the API server heard them, dry runs left out.
    pub fn heard(&self) -> Vec<Heard> {
        let all = self.plane().heard().unwrap();
        let ours = |heard: &Heard| {
            heard.namespace == self.ground.namespace
                && heard.user == "operator"
                && !heard.is_dry_run()
                && !is_adoption(&heard.body)
        };
        all.into_iter().filter(ours).collect()
    }

    /// Writes of one kind.
    pub fn heard_of(&self, resource: &str) -> Vec<Heard> {
        let all = self.heard();
        all.into_iter()
            .filter(|heard| heard.resource == resource)
            .collect()
    }

    /// Holds the ledger against the audit log: every request carries an intent that was written down
    /// before; none was carried out twice, however often the object moved under it; and what the ledger
    /// calls applied, and only that, was carried out.
    pub async fn then_nothing_was_done_twice(&self) {
        let state = self.world.environment(ENVIRONMENT);
        assert_eq!(state.pending, None, "an intent without an outcome is left");
        let (requests, mut nameless) = self.requests();
        let settled: BTreeMap<&str, &SettledMutation> = state
            .settled
            .iter()
            .map(|settled| (settled.intent.id.as_str(), settled))
            .collect();
        for (id, requests) in &requests {
            let settled = settled.get(id.as_str());
            let settled =
                settled.unwrap_or_else(|| panic!("{id} is not in the ledger: {requests:?}"));
            let object = &settled.intent.object;
            for heard in requests {
                let what = (heard.resource.as_str(), heard.name.as_str());
                assert_eq!(what, (plural(object).as_str(), object.name.as_str()));
            }
            // A second request of one intent is only ever made for a 409, which changes nothing.
            let others: Vec<_> = requests
                .iter()
                .filter(|heard| heard.code != Some(409))
                .collect();
            assert!(others.len() <= 1, "{id} was sent again: {others:?}");
        }
        // A request without a name is first looked for where one must have been carried out.
        let mut settled: Vec<_> = settled.into_iter().collect();
        settled.sort_by_key(|(_, settled)| !is_applied(&settled.outcome));
        for (id, settled) in settled {
            let requests = match requests.get(id) {
                Some(requests) => requests.clone(),
                // One that the server was killed in, if there was any: every one is some intent's.
                None => {
                    let object = &settled.intent.object;
                    let about = |heard: &Heard| {
                        heard.resource == plural(object) && heard.name == object.name
                    };
                    let found = nameless.iter().position(about);
                    found.map(|at| nameless.remove(at)).into_iter().collect()
                }
            };
            if !matches!(
                settled.intent.verb,
                MutationVerb::Apply | MutationVerb::Restore
            ) {
                continue;
            }
            let carried_out = requests
                .iter()
                .filter(|heard| heard.is_carried_out())
                .count();
            // Killed in the middle, or given up on the store.
            let cut_off = requests
                .iter()
                .filter(|heard| heard.code.is_none_or(|c| c >= 500))
                .count();
            match &settled.outcome {
                MutationOutcome::Applied { .. } => {
                    // A server that was killed in the middle could not say that it had done it.
                    assert!(
                        carried_out == 1 || carried_out == 0 && cut_off == 1,
                        "{id} applied: {requests:?}"
                    );
                }
                MutationOutcome::NotApplied { .. } if self.late && settled.was_unknown => {}
                outcome => assert_eq!(carried_out, 0, "{id} {outcome:?}: {requests:?}"),
            }
        }
        assert!(nameless.is_empty(), "nobody meant these: {nameless:?}");
        self.the_newest_write_is_on_the_object(&state.settled).await;
    }

    /// Requests to write by the intent that they carry, and those that nobody can tell the intent of:
    /// the API server writes a body down with its answer. Killed before that, it has noted only that a
    /// request came, and it may have carried it out for all that.
    fn requests(&self) -> (BTreeMap<String, Vec<Heard>>, Vec<Heard>) {
        let mut requests: BTreeMap<String, Vec<Heard>> = BTreeMap::new();
        let mut nameless = Vec::new();
        let all = self.heard().into_iter();
        for heard in all.filter(|heard| heard.uri.contains("fieldManager=pilothouse&")) {
            if heard.body.is_null() {
                assert!(!heard.is_carried_out(), "{heard:?}");
                nameless.push(heard);
                continue;
            }
            // Moving ownership changes no value, so that it leaves no identifier either.
            if is_adoption(&heard.body) {
                continue;
            }
            let id = heard.body.pointer(MUTATION).and_then(Value::as_str);
            let id = id.expect("an identifier").to_owned();
            requests.entry(id).or_default().push(heard);
        }
        (requests, nameless)
    }

    async fn the_newest_write_is_on_the_object(&self, settled: &[SettledMutation]) {
        let mut newest: BTreeMap<String, &SettledMutation> = BTreeMap::new();
        let writes = |settled: &&SettledMutation| {
            let verb = settled.intent.verb;
            let marked = !matches!(
                verb,
                MutationVerb::Pause | MutationVerb::Unpause | MutationVerb::Adopt
            );
            is_applied(&settled.outcome) && marked
        };
        for settled in settled.iter().filter(writes) {
            newest.insert(settled.intent.object.label(), settled);
        }
        for settled in newest.values() {
            let object = &settled.intent.object;
            if settled.intent.verb == MutationVerb::Remove {
                let live = self
                    .site()
                    .get(&object.namespace, &plural(object), &object.name)
                    .await;
                assert_eq!(live, None, "{}", object.label());
                continue;
            }
            let live = self.object(&plural(object), &object.name).await;
            assert_eq!(
                live.pointer(MUTATION).and_then(Value::as_str),
                Some(settled.intent.id.as_str()),
                "{}",
                object.label()
            );
        }
    }
}

/// Managers of an object's fields, as the API server keeps them.
pub fn managers(object: &Value) -> Vec<String> {
    let fields = object["metadata"]["managedFields"].as_array().unwrap();
    let name = |field: &Value| field["manager"].as_str().unwrap_or_default().to_owned();
    fields.iter().map(name).collect()
}

/// Whether a request moves the ownership of fields and nothing else.
fn is_adoption(body: &Value) -> bool {
    let mut operations = body.as_array().into_iter().flatten();
    operations.any(|operation| operation["path"] == "/metadata/managedFields")
}
