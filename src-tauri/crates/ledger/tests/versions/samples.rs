//! One value of every variant of everything that the ledger keeps, with no field left empty.

use std::collections::{BTreeMap, BTreeSet};

use domain::*;
use engine::ports::{Record, Stream};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::common::{self, OPERATOR, VERIFIER, object, sign, start};

/// A persisted enum: its values by the name of their variant, and how one is read.
pub struct Kept {
    pub name: &'static str,
    /// The variants, as the library itself tells them.
    pub kinds: Vec<String>,
    pub values: BTreeMap<String, Value>,
    pub reads: fn(&Value) -> bool,
}

fn reads<T: DeserializeOwned>(value: &Value) -> bool {
    serde_json::from_value::<T>(value.clone()).is_ok()
}

/// The names of all variants, as the library tells them to somebody who asks for one that is not there.
fn kinds<T: DeserializeOwned>(nonsense: Value) -> Vec<String> {
    let error = match serde_json::from_value::<T>(nonsense) {
        Ok(_) => panic!("there is no such kind"),
        Err(error) => error.to_string(),
    };
    let (_, list) = error.split_once("expected").expect(&error);
    list.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// An enum whose variants carry nothing.
fn plain<T: DeserializeOwned>(name: &'static str) -> Kept {
    let kinds = kinds::<T>(json!("no such kind"));
    Kept {
        name,
        values: kinds.iter().map(|k| (k.clone(), json!(k))).collect(),
        kinds,
        reads: reads::<T>,
    }
}

/// An enum that names its variant in a field.
fn tagged<T: Serialize + DeserializeOwned>(name: &'static str, tag: &str, values: Vec<T>) -> Kept {
    let values = values.iter().map(|value| {
        let value = serde_json::to_value(value).unwrap();
        (value[tag].as_str().unwrap().to_owned(), value)
    });
    Kept {
        name,
        kinds: kinds::<T>(json!({tag: "no such kind"})),
        values: values.collect(),
        reads: reads::<T>,
    }
}

/// An enum whose variant is the only key, or the text.
fn keyed<T: Serialize + DeserializeOwned>(name: &'static str, values: Vec<T>) -> Kept {
    let values = values.iter().map(|value| {
        let value = serde_json::to_value(value).unwrap();
        let key = value.as_object().and_then(|map| map.keys().next()).cloned();
        let kind = key.or_else(|| value.as_str().map(str::to_owned));
        (kind.unwrap(), value)
    });
    Kept {
        name,
        kinds: kinds::<T>(json!("no such kind")),
        values: values.collect(),
        reads: reads::<T>,
    }
}

/// Every persisted enum. A new one belongs here.
pub fn kept() -> Vec<Kept> {
    vec![
        keyed(
            "Stream",
            vec![Stream::Register, Stream::Release("REL".into())],
        ),
        keyed(
            "Record",
            vec![
                Record::Release(Event::HelpAsked),
                Record::Register(imported()),
            ],
        ),
        tagged("Event", "type", events()),
        tagged("RegisterEvent", "type", register_events()),
        tagged("Cause", "is", causes()),
        tagged(
            "Precondition",
            "is",
            vec![Precondition::Absent, Precondition::Unchanged(head())],
        ),
        tagged("MutationOutcome", "is", outcomes()),
        tagged("Refusal", "rule", refusals()),
        tagged("Said", "kind", sayings()),
        tagged("Action", "action", actions()),
        tagged("StepEnd", "is", step_ends()),
        tagged("FactSubject", "about", subjects()),
        tagged("FactValue", "is", fact_values()),
        plain::<FactSource>("FactSource"),
        plain::<ProbeTrouble>("ProbeTrouble"),
        plain::<Strategy>("Strategy"),
        plain::<ItemKind>("ItemKind"),
        plain::<Phase>("Phase"),
        plain::<Role>("Role"),
        plain::<Tier>("Tier"),
        plain::<Level>("Level"),
        plain::<ConditionKind>("ConditionKind"),
        plain::<MutationVerb>("MutationVerb"),
        plain::<NotAppliedCause>("NotAppliedCause"),
        plain::<FieldAuthor>("FieldAuthor"),
        plain::<NotificationKind>("NotificationKind"),
    ]
}

fn head() -> LiveHead {
    common::head("router", "dev", "1")
}

fn words(word: &str) -> Text {
    Text {
        zh: word.into(),
        en: word.into(),
    }
}

/// The small release of the domain's tests, with nothing left empty.
fn plan() -> ReleasePlan {
    let mut plan = common::plan();
    plan.documents = vec![Document {
        title: "notes".into(),
        url: "https://notes.example".into(),
    }];
    plan.declarations = vec![declaration()];
    plan.modules.retain(|module| !module.depends_on.is_empty());
    plan.stages.truncate(1);
    plan.stages[0].gate = GateRules {
        votes: vec![Role::Operator],
        waivable: vec![ConditionKind::SoakPassed],
    };
    plan.checklist.truncate(1);
    plan.checklist[0].steps = vec![words("step")];
    plan.checklist[0].probe = Some(HttpProbe {
        url: "https://shop.example/healthz".into(),
        status: 200,
        contains: Some("ok".into()),
    });
    plan.checklist[0].stages = vec!["bj".into()];
    plan
}

fn declaration() -> Declaration {
    Declaration {
        text: "more of them".into(),
        object: "Deployment/router".into(),
        path: "spec.replicas".into(),
    }
}

fn diff() -> Diff {
    Diff::new(vec![ObjectDiff {
        object: object("router", "dev"),
        module: "router".into(),
        live: Some(head()),
        fields: vec![FieldChange {
            path: "spec.replicas".into(),
            before: Some("1".into()),
            after: Some("2".into()),
            author: FieldAuthor::Manifest,
        }],
        conflicts: vec![FieldConflict {
            manager: "kubectl".into(),
            path: ".spec.replicas".into(),
        }],
        rejected: Some("no".into()),
        content: Some(Digest::of(b"content")),
        adopts: true,
    }])
    .unwrap()
}

fn known() -> ClusterIdentity {
    ClusterIdentity {
        issuer_sha256: Some("issuer".into()),
        ..common::identity("dev")
    }
}

fn kept_field() -> KeptField {
    KeptField {
        path: "spec.replicas".into(),
        ours: Some("2".into()),
        theirs: Some("3".into()),
    }
}

fn steps() -> Vec<Step> {
    vec![Step {
        number: 1,
        module: "router".into(),
        action: actions().remove(0),
    }]
}

fn actions() -> Vec<Action> {
    let object = || object("router", "dev");
    vec![
        Action::Apply {
            object: object(),
            body: Digest::of(b"body"),
        },
        Action::Await {
            objects: vec![object()],
        },
        Action::Restore { object: object() },
        Action::Remove { object: object() },
        Action::AwaitRestored {
            objects: vec![object()],
        },
    ]
}

fn step_ends() -> Vec<StepEnd> {
    vec![
        StepEnd::Done,
        StepEnd::Unneeded,
        StepEnd::Left { reasons: reasons() },
        StepEnd::Failed { reasons: reasons() },
    ]
}

fn subject() -> FactSubject {
    FactSubject::Item {
        stage: "bj".into(),
        item: "item".into(),
    }
}

fn subjects() -> Vec<FactSubject> {
    let environment = FactSubject::Environment {
        environment: "dev".into(),
    };
    vec![subject(), environment]
}

fn fact_values() -> Vec<FactValue> {
    vec![
        FactValue::HttpAnswer {
            status: 200,
            contains: Some(true),
            text: "ok".into(),
            more: true,
        },
        FactValue::HttpSilence {
            trouble: ProbeTrouble::Late,
            said: "no answer".into(),
        },
        FactValue::RollbackProof(RollbackProof {
            backup: Digest::of(b"backup"),
            refused: vec![RefusedRollback {
                object: ObjectRef {
                    api_version: "v1".into(),
                    kind: "Service".into(),
                    namespace: "dev".into(),
                    name: "router".into(),
                },
                said: Some("refused".into()),
            }],
        }),
    ]
}

fn witnessed() -> Signed<KeyStatement> {
    let statement = KeyStatement::new(
        OPERATOR.into(),
        common::public(OPERATOR),
        Some(common::public(VERIFIER)),
        VERIFIER.into(),
        start(),
    );
    Signed::new(statement, common::public(VERIFIER), &[7; 64])
}

fn reasons() -> Reasons {
    Reasons(vec![Cause::Deleted.of("Deployment/router")])
}

fn intent() -> MutationIntent {
    common::apply_intent("m-1", "router", "dev")
}

fn events() -> Vec<Event> {
    let environment = || EnvironmentId::from("dev");
    let module = || ModuleId::from("router");
    let stage = || StageId::from("bj");
    let signed = |says| sign(OPERATOR, "bj", says, start());
    vec![
        Event::ReleaseCreated {
            plan: Box::new(plan()),
        },
        Event::ReleaseFinished,
        Event::ReleaseCancelled {
            reason: "no time".into(),
        },
        Event::IdentityVerified {
            environment: environment(),
            identity: known(),
        },
        Event::IdentityMismatch {
            environment: environment(),
            expected: known(),
            found: known(),
        },
        Event::PermissionsChecked {
            environment: environment(),
            missing: vec![common::missing_permission()],
        },
        Event::DiffComputed {
            environment: environment(),
            diff: diff(),
        },
        Event::DiffReviewed {
            environment: environment(),
            digest: diff().digest,
            signed: signed(sayings().remove(3)),
        },
        Event::ChangeDeclared {
            declaration: declaration(),
        },
        Event::BackupTaken {
            environment: environment(),
            backup: backup(),
        },
        Event::ItemTicked {
            stage: stage(),
            item: "item".into(),
            passed: true,
            note: Some("seen".into()),
            signed: signed(sayings().remove(0)),
        },
        Event::ConditionWaived {
            stage: stage(),
            condition: ConditionKind::SoakPassed,
            reason: "urgent".into(),
            make_up_by: start(),
            signed: signed(sayings().remove(1)),
        },
        Event::WaiverAsked {
            stage: stage(),
            condition: ConditionKind::SoakPassed,
            reason: "urgent".into(),
        },
        Event::VoteCast {
            stage: stage(),
            role: Role::Operator,
            go: true,
            reason: "good".into(),
            signed: signed(sayings().remove(2)),
        },
        Event::GateOpened {
            stage: stage(),
            met: 6,
            waived: BTreeSet::from([ConditionKind::SoakPassed]),
        },
        Event::Armed {
            environment: environment(),
            module: module(),
            until: start(),
        },
        Event::Disarmed {
            environment: environment(),
        },
        Event::RolloutStarted {
            environment: environment(),
            module: module(),
            from: Some("1".into()),
            steps: steps(),
        },
        Event::StepEnded {
            environment: environment(),
            module: module(),
            step: 1,
            end: StepEnd::Done,
        },
        Event::MutationIntended {
            environment: environment(),
            module: module(),
            intent: intent(),
        },
        Event::MutationSettled {
            environment: environment(),
            module: module(),
            mutation: "m-1".into(),
            outcome: outcomes().remove(0),
            written: Some(Digest::of(b"written")),
        },
        Event::RolloutPaused {
            environment: environment(),
            module: module(),
        },
        Event::RolloutResumed {
            environment: environment(),
            module: module(),
        },
        Event::RolloutStopped {
            environment: environment(),
            module: module(),
        },
        Event::PauseLifted {
            environment: environment(),
            module: module(),
            object: object("router", "dev"),
            paused_by: "kubectl".into(),
            reason: "forgotten".into(),
        },
        Event::ObjectsSeen {
            environment: environment(),
            module: module(),
            objects: vec![object("router", "dev")],
            note: "it answers".into(),
        },
        Event::WorkResumed {
            environment: environment(),
            module: Some(module()),
        },
        Event::ModulePassed {
            environment: environment(),
            module: module(),
            remarks: reasons(),
        },
        Event::ModuleFailed {
            environment: environment(),
            module: module(),
            reason: reasons(),
        },
        Event::ModuleErrored {
            environment: environment(),
            module: module(),
            reason: reasons(),
        },
        Event::WayBackStarted {
            environment: environment(),
            modules: vec![module()],
            steps: steps(),
        },
        Event::FieldsKept {
            environment: environment(),
            object: object("router", "dev"),
            fields: vec![kept_field()],
        },
        Event::EditKept {
            environment: environment(),
            object: object("router", "dev"),
            blob: Digest::of(b"theirs"),
        },
        Event::WayBackDone {
            environment: environment(),
        },
        Event::WayBackFailed {
            environment: environment(),
            reason: reasons(),
        },
        Event::Refused {
            environment: Some(environment()),
            command: "arm".into(),
            refusal: Refusal::WrongClusterName {
                expected: "dev-01".into(),
            },
        },
        Event::NotificationSent {
            environment: environment(),
            kind: NotificationKind::Done,
            modules: vec![module()],
            delivered: false,
            why_not: Some("no daemon".into()),
        },
        Event::HelpAsked,
        Event::FactRecorded {
            source: FactSource::HttpProbe,
            subject: subject(),
            at: start(),
            expires: Some(start()),
            value: fact_values().remove(0),
        },
    ]
}

fn backup() -> Backup {
    let mut backup = common::backup("dev", start());
    backup.objects.truncate(1);
    backup
}

fn imported() -> RegisterEvent {
    RegisterEvent::ContextImported {
        context: "dev".into(),
    }
}

fn register_events() -> Vec<RegisterEvent> {
    vec![
        RegisterEvent::KeyRegistered {
            person: OPERATOR.into(),
            key: common::public(OPERATOR),
            witnessed: Some(Box::new(witnessed())),
        },
        RegisterEvent::KeyRevoked {
            person: OPERATOR.into(),
            key: common::public(OPERATOR),
        },
        RegisterEvent::EnvironmentBound {
            environment: "dev".into(),
            context: "dev".into(),
            identity: known(),
            issuer_before: Some("issuer".into()),
        },
        imported(),
        RegisterEvent::ContextForgotten {
            context: "dev".into(),
        },
        RegisterEvent::PluginAllowed {
            context: "dev".into(),
            path: "/usr/bin/login".into(),
            sha256: "ab".into(),
        },
        RegisterEvent::RehearsalStarted {
            cluster: "dev".into(),
            identity: known(),
        },
        RegisterEvent::WorkspaceOpened {
            path: "/work".into(),
            digest: Digest::of(b"files"),
        },
        RegisterEvent::LedgerExported {
            path: "/a".into(),
            entries: 1,
            sha256: "ab".into(),
        },
    ]
}

fn causes() -> Vec<Cause> {
    let message = || "said".to_owned();
    vec![
        Cause::PodNotReady {
            pod: "x-1".into(),
            why: "CrashLoopBackOff".into(),
        },
        Cause::PodsNotMade { message: message() },
        Cause::NodeDead { node: "n-1".into() },
        Cause::GivenUp { message: message() },
        Cause::NoProgress {
            seconds: 60,
            updated: 1,
            wanted: 2,
            available: 0,
        },
        Cause::NotThere { seconds: 60 },
        Cause::Deleted,
        Cause::MayBeUsed,
        Cause::ChangedAfter {
            fields: vec!["spec.replicas".into()],
        },
        Cause::NotAsWritten { message: message() },
        Cause::BeyondReview {
            fields: vec!["spec.replicas".into()],
        },
        Cause::NotChanged {
            by: NotAppliedCause::Outdated,
            message: message(),
        },
        Cause::Lost { message: message() },
        Cause::NoContact { seconds: 60 },
        Cause::Unreachable { message: message() },
        Cause::Untrusted { message: message() },
        Cause::CredentialRefused,
        Cause::Forbidden {
            permission: "patch deployments".into(),
        },
        Cause::Busy,
        Cause::AnotherCluster,
        Cause::KindUnknown {
            kind: "Function".into(),
        },
        Cause::ObjectFailed {
            reason: "BackoffLimitExceeded".into(),
            message: message(),
        },
        Cause::NotReady {
            seconds: 60,
            message: message(),
        },
        Cause::PausedBy {
            manager: "kubectl".into(),
        },
        Cause::ChangesOnDelete { old: 2 },
        Cause::HeldByPartition {
            partition: 1,
            old: 1,
        },
        Cause::WaitsForFirstPod,
        Cause::NotJudged,
        Cause::Seen {
            note: "it answers".into(),
        },
        Cause::Said { message: message() },
    ]
}

fn outcomes() -> Vec<MutationOutcome> {
    vec![
        MutationOutcome::Applied { live: Some(head()) },
        MutationOutcome::NotApplied {
            cause: NotAppliedCause::Outdated,
            reason: "no".into(),
        },
        MutationOutcome::Unknown {
            reason: "no answer".into(),
        },
    ]
}

fn sayings() -> Vec<Said> {
    vec![
        Said::Tick {
            item: "item".into(),
            passed: true,
            note: Some("seen".into()),
        },
        Said::Waive {
            condition: "soakPassed".into(),
            reason: "urgent".into(),
            make_up_by: start(),
        },
        Said::Vote {
            go: true,
            reason: "good".into(),
        },
        Said::Review {
            environment: "dev".into(),
            digest: "ab".into(),
        },
    ]
}

fn refusals() -> Vec<Refusal> {
    let condition = ConditionKind::SoakPassed;
    vec![
        Refusal::ReleaseExists,
        Refusal::ReleaseOver,
        Refusal::NotInRelease { what: "x".into() },
        Refusal::VerifierIsOperator,
        Refusal::RoleMissing {
            role: Role::Operator,
        },
        Refusal::FieldInvalid {
            field: "title".into(),
        },
        Refusal::NotOperator,
        Refusal::SignatureInvalid,
        Refusal::NoKeyRegistered,
        Refusal::GateClosed,
        Refusal::GateAlreadyOpen,
        Refusal::ConditionUnmet { condition },
        Refusal::NotWaivable { condition },
        Refusal::ReasonTooShort { least: 10 },
        Refusal::VoteMissing {
            role: Role::Manager,
        },
        Refusal::IdentityNotVerified,
        Refusal::IdentityMismatch,
        Refusal::WrongClusterName {
            expected: "dev-01".into(),
        },
        Refusal::NotArmed,
        Refusal::NoBackup,
        Refusal::DiffNotReviewed,
        Refusal::UndeclaredChange { count: 1 },
        Refusal::PermissionMissing {
            permission: common::missing_permission(),
        },
        Refusal::DependencyFirst {
            module: "executor".into(),
        },
        Refusal::EnvironmentFirst {
            environment: "dev".into(),
        },
        Refusal::AlreadyRunning,
        Refusal::BackupStands,
        Refusal::NotRunning,
        Refusal::OutcomePending,
        Refusal::AlreadyPassed,
        Refusal::NothingToRestore,
        Refusal::AlreadySigned,
        Refusal::WasTakenBack,
        Refusal::ItemAutomatic,
        Refusal::NotPlanned,
        Refusal::WitnessNeeded,
        Refusal::WitnessedByOther {
            witness: VERIFIER.into(),
        },
        Refusal::CannotPause {
            kind: "StatefulSet".into(),
        },
        Refusal::NotPaused {
            object: "Deployment/router".into(),
        },
        Refusal::EntryUnreadable {
            position: 3,
            verb: "gatePostponed".into(),
            at: start(),
        },
    ]
}
