//! A small release to play with: two stages, three environments, two modules, three people.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use chrono::{Duration, TimeZone, Utc};
use domain::*;
use ed25519_dalek::{Signer, SigningKey};

pub const OPERATOR: &str = "zhangsan";
pub const VERIFIER: &str = "lisi";
pub const MANAGER: &str = "wangwu";
pub const STAGES: [&str; 2] = ["bj", "sz"];
pub const ENVIRONMENTS: [&str; 3] = ["dev", "test", "prod"];
pub const MODULES: [&str; 2] = ["executor", "router"];

pub fn start() -> Instant {
    Utc.with_ymd_and_hms(2026, 9, 15, 2, 0, 0).unwrap()
}

fn text(word: &str) -> Text {
    Text {
        zh: word.to_owned(),
        en: word.to_owned(),
    }
}

pub fn object(module: &str, environment: &str) -> ObjectRef {
    ObjectRef {
        api_version: "apps/v1".into(),
        kind: "Deployment".into(),
        namespace: environment.into(),
        name: module.into(),
    }
}

fn environment(id: &str, tier: Tier) -> Environment {
    Environment {
        id: id.into(),
        name: text(id),
        short: id.into(),
        tier,
        cluster: format!("{id}-01"),
        namespace: id.into(),
    }
}

fn item(id: &str, phase: Phase, role: Role, kind: ItemKind) -> ChecklistItem {
    ChecklistItem {
        id: id.into(),
        phase,
        group: text("group"),
        title: text(id),
        detail: text(""),
        steps: vec![],
        role,
        kind,
        stages: vec![],
    }
}

pub fn plan() -> ReleasePlan {
    let person = |id: &str, roles: &[Role]| Person {
        id: id.into(),
        name: id.into(),
        roles: roles.to_vec(),
    };
    let stage = |id: &str, environments, votes: &[Role], soak_s| Stage {
        id: id.into(),
        name: text(id),
        environments,
        gate: GateRules {
            votes: votes.to_vec(),
            waivable: vec![ConditionKind::SoakPassed, ConditionKind::ChecklistComplete],
        },
        soak_s,
    };
    let module = |id: &str, depends_on: &[&str]| PlannedModule {
        id: id.into(),
        version: "2".into(),
        strategy: Strategy::Rolling,
        depends_on: depends_on.iter().map(|d| (*d).into()).collect(),
        objects: ENVIRONMENTS
            .iter()
            .map(|e| PlannedObject {
                environment: (*e).into(),
                object: object(id, e),
                body: body(id, e),
            })
            .collect(),
    };
    ReleasePlan {
        id: "REL-20260915-01".into(),
        title: "26Q3-05".into(),
        background: "iteration".into(),
        level: Level::Low,
        operator: OPERATOR.into(),
        verifier: VERIFIER.into(),
        manager: MANAGER.into(),
        documents: vec![],
        declarations: vec![],
        modules: vec![module("executor", &[]), module("router", &["executor"])],
        stages: vec![
            stage(
                "bj",
                vec![
                    environment("dev", Tier::Dev),
                    environment("test", Tier::Test),
                ],
                &[Role::Operator],
                60,
            ),
            stage(
                "sz",
                vec![environment("prod", Tier::Prod)],
                &[Role::Operator, Role::Verifier, Role::Manager],
                0,
            ),
        ],
        people: vec![
            person(OPERATOR, &[Role::Operator, Role::Verifier]),
            person(VERIFIER, &[Role::Verifier]),
            person(MANAGER, &[Role::Manager]),
        ],
        checklist: vec![
            item("ready", Phase::Pre, Role::Operator, ItemKind::Manual),
            item("tested", Phase::Pre, Role::Verifier, ItemKind::Manual),
            item("smoke", Phase::Post, Role::Verifier, ItemKind::Manual),
            item(
                "healthy",
                Phase::Post,
                Role::Verifier,
                ItemKind::RolloutsHealthy,
            ),
        ],
        timings: Timings::default(),
        workspace: Digest::of(b"workspace"),
    }
}

pub fn body(module: &str, environment: &str) -> Digest {
    Digest::of(format!("{module} {environment}").as_bytes())
}

pub fn identity(environment: &str) -> ClusterIdentity {
    ClusterIdentity {
        uid: format!("uid-{environment}"),
        url: format!("https://{environment}:6443"),
        ca_sha256: format!("ca-{environment}"),
    }
}

pub fn key(person: &str) -> SigningKey {
    SigningKey::from_bytes(
        Digest::of(person.as_bytes()).as_str().as_bytes()[..32]
            .try_into()
            .unwrap(),
    )
}

pub fn public(person: &str) -> PublicKey {
    PublicKey::from_bytes(key(person).verifying_key().as_bytes())
}

pub fn register() -> Register {
    let mut register = Register::default();
    for person in [OPERATOR, VERIFIER, MANAGER] {
        register.evolve(&RegisterEvent::KeyRegistered {
            person: person.into(),
            key: public(person),
        });
    }
    for environment in ENVIRONMENTS {
        register.evolve(&RegisterEvent::EnvironmentBound {
            environment: environment.into(),
            context: environment.into(),
            identity: identity(environment),
        });
    }
    register
}

pub fn head(module: &str, environment: &str, version: &str) -> LiveHead {
    LiveHead {
        uid: format!("uid-{module}-{environment}"),
        resource_version: "1".into(),
        content: Digest::of(format!("{module} {environment} {version}").as_bytes()),
    }
}

pub fn backup(environment: &str, at: Instant) -> Backup {
    let kept = |module: &&str| BackupObject {
        object: object(module, environment),
        live: Some(BackupBody {
            head: head(module, environment, "1"),
            blob: Digest::of(format!("old {module} {environment}").as_bytes()),
            version: Some("1".into()),
        }),
    };
    Backup {
        at,
        digest: Digest::of(environment.as_bytes()),
        objects: MODULES.iter().map(kept).collect(),
    }
}

pub fn diff(environment: &str, undeclared: bool) -> Diff {
    let field = |path: &str, after: &str| FieldChange {
        path: path.into(),
        before: Some("\"old\"".into()),
        after: Some(after.into()),
        author: FieldAuthor::Manifest,
    };
    let objects = MODULES.iter().map(|module| {
        let mut fields = vec![field(
            "spec.template.spec.containers[name=m].image",
            "\"x/m:2\"",
        )];
        if undeclared {
            fields.push(field("spec.replicas", "9"));
        }
        ObjectDiff {
            object: object(module, environment),
            module: (*module).into(),
            live: Some(head(module, environment, "1")),
            fields,
            conflicts: vec![],
            rejected: None,
            content: None,
        }
    });
    Diff::new(objects.collect()).unwrap()
}

pub fn sign(person: &str, stage: &str, says: Said, at: Instant) -> Signed {
    let statement = Statement::new(says, plan().id, stage.into(), person.into(), at);
    let signature = key(person).sign(&statement.bytes().unwrap());
    Signed::new(statement, public(person), &signature.to_bytes())
}

pub fn apply_intent(id: &str, module: &str, environment: &str) -> MutationIntent {
    MutationIntent {
        id: id.into(),
        verb: MutationVerb::Apply,
        object: object(module, environment),
        body: Some(body(module, environment)),
        precondition: Precondition::Unchanged(head(module, environment, "1")),
    }
}

pub fn restore_intent(id: &str, module: &str, environment: &str) -> MutationIntent {
    MutationIntent {
        id: id.into(),
        verb: MutationVerb::Restore,
        object: object(module, environment),
        body: Some(Digest::of(format!("old {module} {environment}").as_bytes())),
        precondition: Precondition::Unchanged(head(module, environment, "2")),
    }
}

/// A release with a clock, people and everything that happened.
pub struct Story {
    pub release: Option<Release>,
    pub register: Register,
    pub now: Instant,
    pub events: Vec<(Instant, Option<PersonId>, Event)>,
    counter: u32,
}

impl Story {
    pub fn new() -> Self {
        Story {
            release: None,
            register: register(),
            now: start(),
            events: vec![],
            counter: 0,
        }
    }

    pub fn created() -> Self {
        let mut story = Story::new();
        story.must(OPERATOR, Command::Create(Box::new(plan())));
        story
    }

    pub fn release(&self) -> &Release {
        self.release.as_ref().unwrap()
    }

    pub fn environment(&self, id: &str) -> &EnvironmentState {
        &self.release().environments[&EnvironmentId::from(id)]
    }

    pub fn wait(&mut self, seconds: i64) {
        self.now += Duration::seconds(seconds);
    }

    pub fn ask(&mut self, actor: &str, command: Command) -> Result<Vec<Event>, Refusal> {
        let actor = PersonId::from(actor);
        let facts = Facts {
            now: self.now,
            actor: Some(&actor),
            register: &self.register,
        };
        let events = decide(self.release.as_ref(), &command, facts)?;
        for event in &events {
            evolve(&mut self.release, event, self.now, Some(&actor));
            self.events
                .push((self.now, Some(actor.clone()), event.clone()));
        }
        Ok(events)
    }

    pub fn must(&mut self, actor: &str, command: Command) -> Vec<Event> {
        let said = format!("{command:?}");
        self.ask(actor, command)
            .unwrap_or_else(|refusal| panic!("{said}: {refusal}"))
    }

    pub fn refused(&mut self, actor: &str, command: Command) -> Refusal {
        let said = format!("{command:?}");
        match self.ask(actor, command) {
            Err(refusal) => refusal,
            Ok(events) => panic!("{said} was allowed: {events:?}"),
        }
    }

    pub fn tick(&self, person: &str, stage: &str, item: &str, passed: bool) -> Command {
        let says = Said::Tick {
            item: item.into(),
            passed,
            note: None,
        };
        let signed = sign(person, stage, says, self.now);
        Command::Tick {
            stage: stage.into(),
            item: item.into(),
            passed,
            note: None,
            signed,
        }
    }

    pub fn vote(&self, person: &str, stage: &str, go: bool) -> Command {
        let signed = sign(
            person,
            stage,
            Said::Vote {
                go,
                reason: "fine".into(),
            },
            self.now,
        );
        Command::Vote {
            stage: stage.into(),
            go,
            reason: "fine".into(),
            signed,
        }
    }

    pub fn waive(
        &self,
        person: &str,
        stage: &str,
        condition: ConditionKind,
        reason: &str,
    ) -> Command {
        let make_up_by = self.now + Duration::hours(4);
        let says = Said::Waive {
            condition: condition_name(condition),
            reason: reason.into(),
            make_up_by,
        };
        let signed = sign(person, stage, says, self.now);
        Command::Waive {
            stage: stage.into(),
            condition,
            reason: reason.into(),
            make_up_by,
            signed,
        }
    }

    pub fn review(&self, stage: &str, environment: &str, digest: &Digest) -> Command {
        let says = Said::Review {
            environment: environment.into(),
            digest: digest.to_string(),
        };
        let signed = sign(OPERATOR, stage, says, self.now);
        Command::ReviewDiff {
            environment: environment.into(),
            digest: digest.clone(),
            signed,
        }
    }

    /// Everything that the gate of a stage asks for, then the gate itself.
    pub fn open(&mut self, stage: &str, environments: &[&str]) {
        self.evidence(stage, environments);
        for person in [OPERATOR, VERIFIER, MANAGER] {
            let command = self.vote(person, stage, true);
            let _ = self.ask(person, command);
        }
        self.must(
            OPERATOR,
            Command::OpenGate {
                stage: stage.into(),
            },
        );
    }

    pub fn evidence(&mut self, stage: &str, environments: &[&str]) {
        for environment in environments {
            let id = EnvironmentId::from(*environment);
            self.must(
                OPERATOR,
                Command::RecordPermissions {
                    environment: id.clone(),
                    missing: vec![],
                },
            );
            self.must(
                OPERATOR,
                Command::RecordBackup {
                    environment: id.clone(),
                    backup: backup(environment, self.now),
                },
            );
            let diff = diff(environment, false);
            self.must(
                OPERATOR,
                Command::RecordDiff {
                    environment: id.clone(),
                    diff: diff.clone(),
                },
            );
            let review = self.review(stage, environment, &diff.digest);
            self.must(OPERATOR, review);
            self.must(
                OPERATOR,
                Command::RecordIdentity {
                    environment: id,
                    found: identity(environment),
                },
            );
        }
        for (person, item) in [(OPERATOR, "ready"), (VERIFIER, "tested")] {
            let tick = self.tick(person, stage, item, true);
            self.must(person, tick);
        }
    }

    pub fn arm(&mut self, environment: &str, module: &str) -> Result<Vec<Event>, Refusal> {
        let id = EnvironmentId::from(environment);
        self.must(
            OPERATOR,
            Command::RecordIdentity {
                environment: id.clone(),
                found: identity(environment),
            },
        );
        let typed_name = (environment == "prod").then(|| "prod-01".to_owned());
        self.ask(
            OPERATOR,
            Command::Arm {
                environment: id,
                module: module.into(),
                typed_name,
            },
        )
    }

    pub fn intend(&self, environment: &str, module: &str, intent: MutationIntent) -> Command {
        Command::Intend {
            environment: environment.into(),
            module: module.into(),
            intent,
            found: identity(environment),
        }
    }

    pub fn begin(&mut self, environment: &str, module: &str) -> MutationIntent {
        self.arm(environment, module).unwrap();
        let (e, m) = (EnvironmentId::from(environment), ModuleId::from(module));
        self.must(
            OPERATOR,
            Command::StartRollout {
                environment: e,
                module: m,
                from: Some("1".into()),
            },
        );
        self.counter += 1;
        let intent = apply_intent(&format!("m{}", self.counter), module, environment);
        let command = self.intend(environment, module, intent.clone());
        self.must(OPERATOR, command);
        intent
    }

    pub fn settle(&mut self, environment: &str, mutation: &MutationId, outcome: MutationOutcome) {
        let command = Command::Settle {
            environment: environment.into(),
            mutation: mutation.clone(),
            outcome,
        };
        self.must(OPERATOR, command);
    }

    pub fn roll_out(&mut self, environment: &str, module: &str) {
        let intent = self.begin(environment, module);
        let live = Some(head(module, environment, "2"));
        self.settle(environment, &intent.id, MutationOutcome::Applied { live });
        self.wait(5);
        self.must(
            OPERATOR,
            Command::Conclude {
                environment: environment.into(),
                module: module.into(),
                verdict: Verdict::Passed,
            },
        );
    }
}

/// Folds a story's events anew.
pub fn replay(events: &[(Instant, Option<PersonId>, Event)]) -> Option<Release> {
    let mut release = None;
    for (at, actor, event) in events {
        let json = serde_json::to_string(event).unwrap();
        let event: Event = serde_json::from_str(&json).unwrap();
        evolve(&mut release, &event, *at, actor.as_ref());
    }
    release
}

pub fn missing_permission() -> Permission {
    Permission {
        verb: "patch".into(),
        group: "apps".into(),
        resource: "deployments".into(),
        subresource: String::new(),
        namespace: "dev".into(),
    }
}
