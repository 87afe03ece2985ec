use std::collections::BTreeMap;

use domain::{
    EnvironmentId, Event, FactSubject, FactValue, Instant, ModuleId, MutationId, MutationIntent,
    MutationOutcome, PersonId, ProbeVerdict, Reasons, RegisterEvent, Release, StageId, StepEnd,
    WorkSpan, condition_name,
};
use engine::ports::UnknownRecord;

use super::common::ms_between;
use super::failures::{code_name, named, refusal_view};
use super::reasons::reason_views;
use crate::ReasonView;

/// An event by its name, with the values that its sentence names. A value in words of a workspace
/// is there three times: `stage` for a window that does not care, `stage.zh` and `stage.en`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verb {
    /// The event's name, as the ledger has it.
    pub name: &'static str,
    /// Values.
    pub params: BTreeMap<String, String>,
    /// Why it ended badly; its sentence names them as `reason`.
    pub reasons: Vec<ReasonView>,
    /// Something was refused or went badly.
    pub bad: bool,
}

impl Verb {
    fn new(name: &'static str) -> Self {
        Verb {
            name,
            ..Verb::default()
        }
    }

    pub(super) fn with(mut self, key: &str, value: impl ToString) -> Self {
        self.params.insert(key.to_owned(), value.to_string());
        self
    }

    fn maybe(self, key: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    pub(super) fn words(self, key: &str, words: Option<&domain::Text>) -> Self {
        match words {
            Some(words) => self
                .with(key, &words.zh)
                .with(&format!("{key}.zh"), &words.zh)
                .with(&format!("{key}.en"), &words.en),
            None => self,
        }
    }

    fn because(self, reasons: &Reasons) -> Self {
        Verb {
            reasons: reason_views(reasons),
            bad: true,
            ..self
        }
    }

    fn bad(mut self, bad: bool) -> Self {
        self.bad = bad;
        self
    }
}

/// What an entry says that this program cannot decode: what the ledger calls it.
pub fn unknown_verb(record: &UnknownRecord) -> Verb {
    Verb::new("unreadable").with("verb", &record.verb).bad(true)
}

/// What happened in a release. `release` is its state right after the event or later; it gives the
/// names and times that the event itself does not carry.
pub fn release_verb(event: &Event, at: Instant, release: Option<&Release>) -> Verb {
    let know = Know { release, at };
    match event {
        Event::ReleaseCreated { plan } => Verb::new("releaseCreated").with("title", &plan.title),
        Event::ReleaseFinished => Verb::new("releaseFinished"),
        Event::ReleaseCancelled { reason } => Verb::new("releaseCancelled").with("reason", reason),
        Event::IdentityVerified { environment, .. } => {
            Verb::new("identityVerified").maybe("cluster", know.cluster(environment))
        }
        Event::IdentityMismatch {
            environment,
            expected,
            found,
        } => Verb::new("identityMismatch")
            .maybe("cluster", know.cluster(environment))
            .with("expected", &expected.uid)
            .with("found", &found.uid)
            .bad(true),
        Event::PermissionsChecked { missing, .. } => Verb::new("permissionsChecked")
            .with("missing", missing.len())
            .bad(!missing.is_empty()),
        Event::DiffComputed { diff, .. } => {
            let written = diff.objects.iter().flat_map(|o| &o.fields);
            let changes = written
                .filter(|f| f.author == domain::FieldAuthor::Manifest)
                .count();
            // As it was judged then is not known any more; as it is judged with today's declarations.
            let undeclared = release.map(|r| diff.undeclared(&r.plan, &r.declarations).len());
            Verb::new("diffComputed")
                .with("objects", diff.objects.len())
                .with("changes", changes)
                .maybe("undeclared", undeclared)
        }
        Event::DiffReviewed { digest, .. } => {
            Verb::new("diffReviewed").with("digest", short(digest.as_str()))
        }
        Event::ChangeDeclared { declaration } => Verb::new("changeDeclared")
            .with("text", &declaration.text)
            .with("object", &declaration.object)
            .with("path", &declaration.path),
        Event::BackupTaken { backup, .. } => Verb::new("backupTaken")
            .with(
                "objects",
                backup.objects.iter().filter(|o| o.live.is_some()).count(),
            )
            .with("digest", short(backup.digest.as_str())),
        Event::ItemTicked { item, passed, .. } => Verb::new("itemTicked")
            .with("item", item)
            .words(
                "title",
                release
                    .and_then(|r| r.plan.checklist.iter().find(|i| &i.id == item))
                    .map(|i| &i.title),
            )
            .with("passed", passed)
            .bad(!passed),
        Event::ConditionWaived {
            condition, reason, ..
        } => Verb::new("conditionWaived")
            .with("condition", condition_name(*condition))
            .with("reason", reason),
        Event::WaiverAsked {
            condition, reason, ..
        } => Verb::new("waiverAsked")
            .with("condition", condition_name(*condition))
            .with("reason", reason),
        Event::VoteCast {
            stage,
            role,
            go,
            reason,
            ..
        } => know
            .stage(Verb::new("voteCast"), stage)
            .with("go", go)
            .with("role", named(role))
            .with("reason", reason),
        Event::GateOpened { stage, met, waived } => know
            .stage(Verb::new("gateOpened"), stage)
            .with("met", met)
            .with("total", *met as usize + waived.len()),
        Event::Armed { module, until, .. } => Verb::new("armed")
            .with("module", module)
            .with("minutes", ((*until - at).num_seconds().max(0) + 59) / 60),
        Event::Disarmed { .. } => Verb::new("disarmed"),
        Event::RolloutStarted { module, from, .. } => Verb::new("rolloutStarted")
            .with("module", module)
            .maybe("from", from.as_ref())
            .maybe("to", know.version(module)),
        Event::StepEnded {
            module, step, end, ..
        } => {
            let (name, reasons) = match end {
                StepEnd::Done => ("stepEnded", None),
                StepEnd::Unneeded => ("stepUnneeded", None),
                StepEnd::Left { reasons } => ("stepLeft", Some(reasons)),
                StepEnd::Failed { reasons } => ("stepFailed", Some(reasons)),
            };
            let verb = Verb::new(name).with("module", module).with("step", step);
            match reasons {
                Some(reasons) => verb.because(reasons),
                None => verb,
            }
        }
        Event::MutationIntended { intent, .. } => {
            know.mutation(Verb::new("mutationIntended"), Some(intent))
        }
        Event::MutationSettled {
            environment,
            mutation,
            outcome,
            ..
        } => {
            let (word, bad) = match outcome {
                MutationOutcome::Applied { .. } => ("applied", false),
                MutationOutcome::NotApplied { .. } => ("notApplied", true),
                MutationOutcome::Unknown { .. } => ("unknown", true),
            };
            know.mutation(
                Verb::new("mutationSettled"),
                know.intent(environment, mutation),
            )
            .with("outcome", word)
            .bad(bad)
        }
        Event::RolloutPaused { module, .. } => Verb::new("rolloutPaused").with("module", module),
        Event::RolloutResumed { module, .. } => Verb::new("rolloutResumed").with("module", module),
        Event::PauseLifted {
            object,
            paused_by,
            reason,
            ..
        } => Verb::new("pauseLifted")
            .with("object", object.label())
            .maybe("manager", Some(paused_by).filter(|by| !by.is_empty()))
            .with("reason", reason),
        Event::ObjectsSeen { objects, note, .. } => {
            let labels: Vec<String> = objects.iter().map(domain::ObjectRef::label).collect();
            Verb::new("objectsSeen")
                .with("objects", labels.join(", "))
                .with("note", note)
        }
        Event::RolloutStopped { module, .. } => Verb::new("rolloutStopped").with("module", module),
        Event::WorkResumed { module, .. } => {
            Verb::new("workResumed").maybe("module", module.as_ref())
        }
        Event::ModulePassed {
            environment,
            module,
            remarks,
        } => Verb::new("modulePassed")
            .because(remarks)
            .bad(false)
            .with("module", module)
            .maybe("to", know.version(module))
            .maybe(
                "seconds",
                know.ended(environment, false)
                    .map(|span| seconds(span.started_at, at)),
            ),
        Event::ModuleFailed { module, reason, .. } => Verb::new("moduleFailed")
            .with("module", module)
            .because(reason),
        Event::ModuleErrored { module, reason, .. } => Verb::new("moduleErrored")
            .with("module", module)
            .because(reason),
        Event::WayBackStarted { modules, .. } => {
            Verb::new("wayBackStarted").with("modules", list(modules))
        }
        Event::FieldsKept { object, fields, .. } => Verb::new("fieldsKept")
            .with("object", object.label())
            .with("count", fields.len())
            .with(
                "fields",
                fields
                    .iter()
                    .map(|f| f.path.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
            )
            .bad(true),
        Event::EditKept { object, blob, .. } => Verb::new("editKept")
            .with("object", object.label())
            .with("digest", short(blob.as_str()))
            .bad(true),
        Event::WayBackDone { environment } => {
            let span = know.ended(environment, true);
            Verb::new("wayBackDone")
                .maybe("modules", span.map(|span| list(&span.modules)))
                .maybe("seconds", span.map(|span| seconds(span.started_at, at)))
        }
        Event::WayBackFailed { reason, .. } => Verb::new("wayBackFailed").because(reason),
        Event::Refused {
            command, refusal, ..
        } => {
            let view = refusal_view(refusal);
            let mut verb = Verb::new("refused");
            verb.params.extend(view.params);
            verb.with("command", command)
                .with("code", code_name(view.code))
                .bad(true)
        }
        Event::NotificationSent {
            kind, delivered, ..
        } => Verb::new("notificationSent")
            .with("kind", named(kind))
            .with("delivered", delivered)
            .bad(!delivered),
        Event::HelpAsked => Verb::new("helpAsked"),
        Event::FactRecorded { subject, value, .. } => know.fact(subject, value),
    }
}

/// What happened outside of any release. `cluster` names the cluster of an environment, `name` a person.
pub fn register_verb(
    event: &RegisterEvent,
    cluster: impl Fn(&EnvironmentId) -> Option<String>,
    name: impl Fn(&PersonId) -> String,
) -> Verb {
    match event {
        RegisterEvent::KeyRegistered {
            person,
            key,
            witnessed,
        } => Verb::new("keyRegistered")
            .with("person", name(person))
            .with("fingerprint", key.fingerprint())
            .maybe(
                "witness",
                witnessed
                    .as_ref()
                    .map(|signed| name(&signed.statement.witness)),
            ),
        RegisterEvent::KeyRevoked { person, key } => Verb::new("keyRevoked")
            .with("person", name(person))
            .with("fingerprint", key.fingerprint()),
        RegisterEvent::EnvironmentBound {
            environment,
            identity,
            issuer_before,
            ..
        } => Verb::new("environmentBound")
            .maybe("cluster", cluster(environment))
            .maybe("issuerBefore", issuer_before.clone())
            .with("uid", &identity.uid),
        RegisterEvent::ContextImported { context } => {
            Verb::new("contextImported").with("context", context)
        }
        RegisterEvent::ContextForgotten { context } => {
            Verb::new("contextForgotten").with("context", context)
        }
        RegisterEvent::PluginAllowed { context, path, .. } => Verb::new("pluginAllowed")
            .with("context", context)
            .with("path", path),
        RegisterEvent::RehearsalStarted { cluster, .. } => {
            Verb::new("rehearsalStarted").with("cluster", cluster)
        }
        RegisterEvent::WorkspaceOpened { path, .. } => {
            Verb::new("workspaceOpened").with("path", path)
        }
        RegisterEvent::LedgerExported { path, entries, .. } => Verb::new("ledgerExported")
            .with("path", path)
            .with("entries", entries),
    }
}

/// What a release tells about its events.
struct Know<'a> {
    release: Option<&'a Release>,
    at: Instant,
}

impl<'a> Know<'a> {
    fn cluster(&self, environment: &EnvironmentId) -> Option<&'a str> {
        self.release?
            .plan
            .environment(environment)
            .map(|e| e.cluster.as_str())
    }

    fn version(&self, module: &ModuleId) -> Option<&'a str> {
        self.release?
            .plan
            .module(module)
            .map(|m| m.version.as_str())
    }

    fn stage(&self, verb: Verb, id: &StageId) -> Verb {
        match self.release.and_then(|r| r.plan.stage(id)) {
            Some(stage) => verb.words("stage", Some(&stage.name)),
            None => verb.with("stage", id),
        }
    }

    /// As it was judged: against what the item asks.
    fn fact(&self, subject: &FactSubject, value: &FactValue) -> Verb {
        let (stage, item) = match (subject, value) {
            (FactSubject::Item { stage, item }, _) => (stage, item),
            (FactSubject::Environment { .. }, FactValue::RollbackProof(proof)) => {
                let refused: Vec<_> = proof.refused.iter().map(|r| r.object.label()).collect();
                return Verb::new("factRecorded")
                    .with("fact", "rollbackDryRun")
                    .with("refused", refused.len())
                    .with("objects", refused.join(", "))
                    .with("digest", &proof.backup)
                    .bad(!proof.holds());
            }
            (FactSubject::Environment { .. }, _) => return Verb::new("factRecorded").bad(true),
        };
        let known = self
            .release
            .and_then(|r| r.plan.checklist.iter().find(|known| &known.id == item));
        let judged = known
            .and_then(|item| item.probe.as_ref())
            .map(|probe| probe.judge(value));
        let verb = self
            .stage(Verb::new("factRecorded"), stage)
            .with("item", item)
            .words("title", known.map(|item| &item.title))
            .bad(judged != Some(ProbeVerdict::Held));
        match value {
            FactValue::HttpAnswer { status, .. } => verb.with("status", status),
            FactValue::HttpSilence { .. } | FactValue::RollbackProof(_) => verb,
        }
        .with(
            "verdict",
            match judged {
                Some(ProbeVerdict::Held) => "held",
                Some(ProbeVerdict::NotHeld) => "notHeld",
                Some(ProbeVerdict::NotReachable) | None => "notReachable",
            },
        )
    }

    fn mutation(&self, verb: Verb, intent: Option<&MutationIntent>) -> Verb {
        match intent {
            Some(intent) => verb
                .with("verb", named(&intent.verb))
                .with("object", intent.object.label()),
            None => verb,
        }
    }

    fn intent(&self, environment: &EnvironmentId, id: &MutationId) -> Option<&'a MutationIntent> {
        let state = self.release?.environments.get(environment)?;
        let settled = state.settled.iter().map(|s| &s.intent);
        settled
            .chain(state.pending.iter().map(|p| &p.intent))
            .find(|intent| &intent.id == id)
    }

    /// The work that ended with the event.
    fn ended(&self, environment: &EnvironmentId, back: bool) -> Option<&'a WorkSpan> {
        let state = self.release?.environments.get(environment)?;
        state.ended(back, self.at)
    }
}

fn seconds(from: Instant, to: Instant) -> i64 {
    (ms_between(from, to) / 1000.0).round() as i64
}

fn list(modules: &[ModuleId]) -> String {
    modules
        .iter()
        .map(ModuleId::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

/// Enough of a digest to recognise it.
fn short(digest: &str) -> String {
    digest.chars().take(12).collect()
}
