//! What the cluster in memory answers.

use async_trait::async_trait;
use domain::{
    ClusterIdentity, Digest, FieldAuthor, FieldChange, FieldConflict, KeptField, MutationIntent,
    MutationOutcome, NotAppliedCause, ObjectRef, Permission,
};
use engine::ports::*;

use super::{FakeCluster, Fate, live, live_head, reading};

#[async_trait]
impl Cluster for FakeCluster {
    async fn identity(&self) -> Result<ClusterIdentity, ClusterFailure> {
        self.answers()?;
        Ok(self.identity.lock().unwrap().clone())
    }

    async fn about(&self) -> Result<About, ClusterFailure> {
        Ok(About {
            version: "v1.36.3".into(),
            user: "wang".into(),
            clock_skew_s: 0.0,
        })
    }

    async fn needed(&self, _: &[ObjectRef]) -> Result<Vec<Permission>, ClusterFailure> {
        self.answers()?;
        Ok(vec![Permission {
            verb: "patch".into(),
            group: "apps".into(),
            resource: "deployments".into(),
            subresource: String::new(),
            namespace: "shop".into(),
        }])
    }

    async fn denied(&self, _: &[Permission]) -> Result<Vec<Permission>, ClusterFailure> {
        Ok(Vec::new())
    }

    async fn read(&self, object: &ObjectRef) -> Result<Option<LiveObject>, ClusterFailure> {
        self.answers()?;
        Ok(self.object(object).as_ref().map(live))
    }

    async fn preview(&self, manifest: &Outgoing) -> Result<Preview, ClusterFailure> {
        self.answers()?;
        let live = self.object(&manifest.object).as_ref().map(live);
        let before = live.as_ref().map(|live| live.body.clone());
        let mut fields = Vec::new();
        if before.as_ref() != Some(&manifest.body) {
            fields.push(FieldChange {
                path: "body".into(),
                before: before.map(|body| body.to_string()),
                after: Some(manifest.body.to_string()),
                author: FieldAuthor::Manifest,
            });
        }
        Ok(Preview {
            live,
            after: Some(manifest.body.clone()),
            content: Some(Digest::of(format!("{} false", manifest.body).as_bytes())),
            fields,
            conflicts: Vec::new(),
            rejected: None,
            adopts: false,
            replicas: Replicas::Manifest,
            kept: Vec::new(),
        })
    }

    async fn preview_rollback(&self, back: &Rollback) -> Result<RollbackPreview, ClusterFailure> {
        self.answers()?;
        let live = self.object(&back.object).as_ref().map(live);
        let found = match &live {
            None => FoundObject::Gone,
            Some(live) if live.head.uid != back.uid => FoundObject::Another,
            Some(_) => FoundObject::Same,
        };
        // All of an object is one field here: whoever changed it since changed that.
        let written = back.written.as_ref().or(back.sent.as_ref());
        let changed = live.as_ref().filter(|live| Some(&live.body) != written);
        let theirs = changed.map(|live| KeptField {
            path: String::new(),
            ours: Some(back.before.to_string()),
            theirs: Some(live.body.to_string()),
        });
        Ok(RollbackPreview {
            after: (found != FoundObject::Another).then(|| back.before.clone()),
            found,
            live,
            fields: Vec::new(),
            theirs: theirs.into_iter().collect(),
            rejected: None,
        })
    }

    async fn send(
        &self,
        intent: &MutationIntent,
        body: Option<&Outgoing>,
        _: &[FieldConflict],
    ) -> Sent {
        self.send_once(intent, body).await.into()
    }

    async fn restore(&self, intent: &MutationIntent, back: &Rollback) -> Sent {
        let outgoing = Outgoing {
            object: back.object.clone(),
            body: back.before.clone(),
            release: back.release.clone(),
            module: back.module.clone(),
        };
        self.send_once(intent, Some(&outgoing)).await.into()
    }

    async fn read_back(&self, intent: &MutationIntent) -> Result<Sent, ClusterFailure> {
        self.answers()?;
        let mut state = self.state.lock().unwrap();
        state.read_backs += 1;
        let outcome = if state.carried_out.contains(&intent.id) {
            let live = state.objects.get(&intent.object).map(live_head);
            MutationOutcome::Applied { live }
        } else {
            MutationOutcome::NotApplied {
                cause: NotAppliedCause::Unheard,
                reason: "it is not there".to_owned(),
            }
        };
        Ok(outcome.into())
    }

    async fn rollout(&self, workload: &ObjectRef) -> Result<RolloutReading, ClusterFailure> {
        self.answers()?;
        Ok(reading(&self.state.lock().unwrap(), workload))
    }

    async fn watch(&self, _: &[ObjectRef]) -> Result<Box<dyn Watching>, ClusterFailure> {
        unreachable!("goes through the handle")
    }
}

impl FakeCluster {
    async fn send_once(&self, intent: &MutationIntent, body: Option<&Outgoing>) -> MutationOutcome {
        let fate = {
            let mut state = self.state.lock().unwrap();
            if !self.ledger.intends(&intent.id) {
                state.not_durable.push(intent.clone());
            }
            state.sent.push(intent.clone());
            state.fates.pop_front().unwrap_or(Fate::Works)
        };
        let unknown = || MutationOutcome::Unknown {
            reason: "no answer within 30 s".into(),
        };
        match fate {
            Fate::Works => self.carry_out(intent, body),
            Fate::Refused(reason) => MutationOutcome::NotApplied {
                cause: NotAppliedCause::Refused,
                reason,
            },
            Fate::Unheard(reason) => MutationOutcome::NotApplied {
                cause: NotAppliedCause::Unheard,
                reason,
            },
            Fate::TurnedAway(reason) => MutationOutcome::NotApplied {
                cause: NotAppliedCause::TurnedAway,
                reason,
            },
            Fate::Embellished => {
                let mut body = body.cloned().unwrap();
                body.body["added"] = "by admission".into();
                self.carry_out(intent, Some(&body))
            }
            Fate::RequestLost => {
                let mut state = self.state.lock().unwrap();
                let version = state.objects.get(&intent.object).map(|o| o.version);
                let request = (intent.clone(), body.cloned().unwrap(), version);
                state.on_their_way.push(request);
                unknown()
            }
            Fate::AnswerLost => {
                self.carry_out(intent, body);
                unknown()
            }
            Fate::Vanishes => {
                self.carry_out(intent, body);
                self.unreachable(true);
                unknown()
            }
            Fate::Panics => {
                self.carry_out(intent, body);
                panic!("the call breaks off");
            }
            Fate::Slow(time) => {
                tokio::time::sleep(time).await;
                self.carry_out(intent, body)
            }
        }
    }
}
