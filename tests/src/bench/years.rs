//! Three years of releases, written by the real writer: streams as the engine writes them, five environments
//! in three stages, five modules, every tenth release rolled back in its last environment.

use std::path::Path;

use chrono::{DateTime, Duration, Utc};
use domain::{
    Backup, BackupBody, BackupObject, ChecklistItem, ClusterIdentity, Diff, Digest, Environment,
    EnvironmentId, Event, FactSource, FactSubject, FactValue, FieldAuthor, FieldChange, GateRules,
    Instant, ItemKind, Level, LiveHead, ModuleId, MutationIntent, MutationOutcome, MutationVerb,
    NotificationKind, ObjectDiff, ObjectRef, Person, PersonId, Phase, PlannedModule, PlannedObject,
    Precondition, PublicKey, ReleaseId, ReleasePlan, Role, RollbackProof, Said, Signed, Stage,
    StageId, Statement, Strategy, Text, Tier, Timings,
};
use engine::ports::{Ledger as _, NewEntry, Record, Stream};
use ledger::SqliteLedger;

use super::Failed;

/// Releases of three years, one every three days.
pub const RELEASES: u64 = 360;
/// Entries of each.
pub const ENTRIES: usize = 300;
/// The release that is under way.
pub const OPEN: &str = "REL-OPEN";

const STAGES: [(&str, &[(&str, Tier)]); 3] = [
    (
        "beijing-offline",
        &[
            ("bj-dev", Tier::Dev),
            ("bj-test", Tier::Test),
            ("bj-ontest", Tier::Ontest),
        ],
    ),
    ("suzhou", &[("sz-prod", Tier::Prod)]),
    ("beijing", &[("bj-prod", Tier::Prod)]),
];
const MODULES: [&str; 5] = ["executor", "router", "storage", "kubewatcher", "faasapi"];
const PEOPLE: [(&str, Role); 3] = [
    ("zhangsan", Role::Operator),
    ("lisi", Role::Verifier),
    ("wangwu", Role::Manager),
];

/// Writes the release under way, and as many finished ones before it, into a data folder.
///
/// # Errors
/// When it cannot be written.
pub async fn write(folder: &Path, finished: u64) -> Result<(), Failed> {
    std::fs::create_dir_all(folder)?;
    let ledger = SqliteLedger::open(folder).await?;
    let began = Utc::now() - Duration::days(3 * i64::try_from(finished)? + 4);
    for number in 0..finished {
        let id = ReleaseId::new(format!("REL-{number:04}"));
        let at = began + Duration::days(3 * i64::try_from(number)?);
        let mut entries = Release::new(&id, at, number.is_multiple_of(10))?.entries(true);
        fill(&mut entries);
        ledger.append(&Stream::Release(id), 0, entries).await?;
    }
    let id = ReleaseId::from(OPEN);
    let entries = Release::new(&id, Utc::now() - Duration::hours(2), false)?.entries(false);
    ledger.append(&Stream::Release(id), 0, entries).await?;
    ledger.close().await;
    Ok(())
}

/// Identity checks before the end bring it to the size.
fn fill(entries: &mut Vec<NewEntry>) {
    let Some(last) = entries.pop() else { return };
    while entries.len() + 1 < ENTRIES {
        entries.push(NewEntry {
            at: last.at,
            actor: None,
            record: Record::Release(Event::IdentityVerified {
                environment: EnvironmentId::from("bj-prod"),
                identity: identity("bj-prod"),
            }),
        });
    }
    entries.push(last);
}

struct Release {
    plan: ReleasePlan,
    at: DateTime<Utc>,
    is_rolled_back: bool,
    entries: Vec<NewEntry>,
}

impl Release {
    fn new(id: &ReleaseId, at: Instant, is_rolled_back: bool) -> Result<Release, Failed> {
        Ok(Release {
            plan: plan(id),
            at,
            is_rolled_back,
            entries: Vec::new(),
        })
    }

    /// Something happens a minute after what was before.
    fn happens(&mut self, actor: Option<&str>, event: Event) {
        self.at += Duration::minutes(1);
        self.entries.push(NewEntry {
            at: self.at,
            actor: actor.map(PersonId::from),
            record: Record::Release(event),
        });
    }

    fn entries(mut self, is_finished: bool) -> Vec<NewEntry> {
        let plan = Box::new(self.plan.clone());
        self.happens(Some("zhangsan"), Event::ReleaseCreated { plan });
        for (stage, environments) in STAGES {
            for (environment, _) in environments {
                self.evidence(stage, environment);
            }
            self.gate(stage);
            for (environment, _) in environments {
                for module in MODULES {
                    self.roll_out(environment, module);
                }
                self.notified(environment, NotificationKind::Done);
            }
            if !is_finished {
                return self.entries;
            }
        }
        if self.is_rolled_back {
            self.roll_back("bj-prod");
        }
        self.happens(Some("zhangsan"), Event::ReleaseFinished);
        self.entries
    }

    fn evidence(&mut self, stage: &str, environment: &str) {
        let of = || EnvironmentId::from(environment);
        let diff = diff(environment);
        let digest = diff.digest.clone();
        let says = Said::Review {
            environment: environment.to_owned(),
            digest: digest.to_string(),
        };
        let signed = self.signed("zhangsan", stage, says);
        for event in [
            Event::IdentityVerified {
                environment: of(),
                identity: identity(environment),
            },
            Event::PermissionsChecked {
                environment: of(),
                missing: Vec::new(),
            },
            Event::BackupTaken {
                environment: of(),
                backup: backup(environment, self.at),
            },
            Event::FactRecorded {
                source: FactSource::RollbackDryRun,
                subject: FactSubject::Environment { environment: of() },
                at: self.at,
                expires: None,
                value: FactValue::RollbackProof(RollbackProof {
                    backup: backup(environment, self.at).digest,
                    refused: Vec::new(),
                }),
            },
            Event::DiffComputed {
                environment: of(),
                diff,
            },
            Event::DiffReviewed {
                environment: of(),
                digest,
                signed,
            },
        ] {
            self.happens(Some("zhangsan"), event);
        }
    }

    fn gate(&mut self, stage: &str) {
        for item in items() {
            let says = Said::Tick {
                item: item.clone(),
                passed: true,
                note: None,
            };
            let event = Event::ItemTicked {
                stage: stage.into(),
                item: item.as_str().into(),
                passed: true,
                note: None,
                signed: self.signed("lisi", stage, says),
            };
            self.happens(Some("lisi"), event);
        }
        for (person, role) in PEOPLE {
            let reason = "检查完毕，同意上线".to_owned();
            let says = Said::Vote {
                go: true,
                reason: reason.clone(),
            };
            let signed = self.signed(person, stage, says);
            let event = Event::VoteCast {
                stage: stage.into(),
                role,
                go: true,
                reason,
                signed,
            };
            self.happens(Some(person), event);
        }
        let opened = Event::GateOpened {
            stage: stage.into(),
            met: 7,
            waived: Default::default(),
        };
        self.happens(Some("zhangsan"), opened);
    }

    fn roll_out(&mut self, environment: &str, module: &str) {
        let of = || (EnvironmentId::from(environment), ModuleId::from(module));
        let until = self.at + Duration::minutes(10);
        let (e, m) = of();
        self.happens(
            Some("zhangsan"),
            Event::Armed {
                environment: e,
                module: m,
                until,
            },
        );
        let (e, m) = of();
        let from = Some("3.18.0".to_owned());
        self.happens(
            Some("zhangsan"),
            Event::RolloutStarted {
                environment: e,
                module: m,
                from,
                steps: Vec::new(),
            },
        );
        for kind in ["ConfigMap", "Deployment"] {
            self.mutation(environment, module, kind, MutationVerb::Apply);
        }
        let (e, m) = of();
        self.happens(
            None,
            Event::ModulePassed {
                environment: e,
                module: m,
                remarks: Default::default(),
            },
        );
    }

    fn mutation(&mut self, environment: &str, module: &str, kind: &str, verb: MutationVerb) {
        let id = format!("{}-{}", self.plan.id, self.entries.len());
        let intent = MutationIntent {
            id: id.as_str().into(),
            verb,
            object: object(environment, module, kind),
            body: Some(Digest::of(module.as_bytes())),
            precondition: Precondition::Unchanged(head(environment, module)),
        };
        let of = || (EnvironmentId::from(environment), ModuleId::from(module));
        let ((e, m), outcome) = (
            of(),
            MutationOutcome::Applied {
                live: Some(head(environment, module)),
            },
        );
        self.happens(
            Some("zhangsan"),
            Event::MutationIntended {
                environment: e,
                module: m,
                intent,
            },
        );
        let (e, m) = of();
        let mutation = id.as_str().into();
        self.happens(
            None,
            Event::MutationSettled {
                environment: e,
                module: m,
                mutation,
                outcome,
                written: None,
            },
        );
    }

    fn roll_back(&mut self, environment: &str) {
        let modules: Vec<ModuleId> = MODULES.iter().rev().map(|m| ModuleId::from(*m)).collect();
        let of = EnvironmentId::from(environment);
        self.happens(
            Some("zhangsan"),
            Event::WayBackStarted {
                environment: of.clone(),
                modules,
                steps: Vec::new(),
            },
        );
        for module in MODULES.iter().rev() {
            for kind in ["ConfigMap", "Deployment"] {
                self.mutation(environment, module, kind, MutationVerb::Restore);
            }
        }
        self.happens(None, Event::WayBackDone { environment: of });
        self.notified(environment, NotificationKind::RolledBack);
    }

    fn notified(&mut self, environment: &str, kind: NotificationKind) {
        let event = Event::NotificationSent {
            environment: environment.into(),
            kind,
            modules: MODULES.iter().map(|m| ModuleId::from(*m)).collect(),
            delivered: true,
            why_not: None,
        };
        self.happens(None, event);
    }

    /// A signature in form only: what is measured here checks none.
    fn signed(&self, person: &str, stage: &str, says: Said) -> Signed {
        let id = self.plan.id.clone();
        let statement = Statement::new(says, id, stage.into(), person.into(), self.at);
        Signed::new(statement, PublicKey::from_bytes(&[7; 32]), &[9; 64])
    }
}

fn text(zh: &str, en: &str) -> Text {
    Text {
        zh: zh.to_owned(),
        en: en.to_owned(),
    }
}

fn items() -> impl Iterator<Item = String> {
    (1..=6).map(|number| format!("item-{number}"))
}

fn plan(id: &ReleaseId) -> ReleasePlan {
    let stage = |(stage, environments): &(&str, &[(&str, Tier)])| Stage {
        id: StageId::from(*stage),
        name: text("生产", stage),
        environments: environments
            .iter()
            .map(|(id, tier)| Environment {
                id: EnvironmentId::from(*id),
                name: text("生产环境", id),
                short: (*id).to_owned(),
                tier: *tier,
                cluster: format!("{id}-cluster-01"),
                namespace: "fission".to_owned(),
            })
            .collect(),
        gate: GateRules {
            votes: PEOPLE.map(|(_, role)| role).to_vec(),
            waivable: Vec::new(),
        },
        soak_s: 0,
    };
    let environments = || {
        STAGES
            .iter()
            .flat_map(|(_, environments)| environments.iter())
    };
    let module = |module: &&str| PlannedModule {
        id: ModuleId::from(*module),
        version: "3.19.0".to_owned(),
        strategy: Strategy::Rolling,
        depends_on: Vec::new(),
        objects: environments()
            .flat_map(|(environment, _)| {
                ["ConfigMap", "Deployment"].map(|kind| PlannedObject {
                    environment: EnvironmentId::from(*environment),
                    object: object(environment, module, kind),
                    body: Digest::of(module.as_bytes()),
                })
            })
            .collect(),
    };
    let item = |id: String| ChecklistItem {
        id: id.as_str().into(),
        phase: Phase::Pre,
        group: text("业务", "Business"),
        title: text("核心链路已经验证", "The core path has been verified"),
        detail: text("下单、支付、退款各一次", "Order, pay and refund once each"),
        steps: vec![text("打开监控大盘", "Open the dashboard")],
        role: Role::Verifier,
        kind: ItemKind::Manual,
        probe: None,
        stages: Vec::new(),
    };
    ReleasePlan {
        id: id.clone(),
        title: "26Q3 函数平台升级".to_owned(),
        background: "修复冷启动超时，升级路由。".to_owned(),
        level: Level::Medium,
        operator: PersonId::from("zhangsan"),
        verifier: PersonId::from("lisi"),
        manager: PersonId::from("wangwu"),
        documents: Vec::new(),
        declarations: Vec::new(),
        modules: MODULES.iter().map(module).collect(),
        stages: STAGES.iter().map(stage).collect(),
        people: PEOPLE
            .iter()
            .map(|(person, role)| Person {
                id: PersonId::from(*person),
                name: (*person).to_owned(),
                roles: vec![*role],
            })
            .collect(),
        checklist: items().map(item).collect(),
        timings: Timings::default(),
        workspace: Digest::of(b"workspace"),
    }
}

fn object(environment: &str, module: &str, kind: &str) -> ObjectRef {
    ObjectRef {
        api_version: if kind == "Deployment" {
            "apps/v1"
        } else {
            "v1"
        }
        .to_owned(),
        kind: kind.to_owned(),
        namespace: environment.to_owned(),
        name: module.to_owned(),
    }
}

fn head(environment: &str, module: &str) -> LiveHead {
    LiveHead {
        uid: "8d5c4f4e-5a2b-4f4e-9a57-2f0f5b1c7d11".to_owned(),
        resource_version: "184467".to_owned(),
        content: Digest::of(format!("{environment} {module}").as_bytes()),
    }
}

fn identity(environment: &str) -> ClusterIdentity {
    ClusterIdentity {
        uid: "0b9f2f8e-17a1-4b0e-8f0e-1f8f7a3f2c55".to_owned(),
        url: format!("https://{environment}.example:6443"),
        ca_sha256: Digest::of(environment.as_bytes()).to_string(),
        issuer_sha256: None,
    }
}

/// What a version changes in each object: its image, its label, a setting.
fn diff(environment: &str) -> Diff {
    let field = |path: &str, before: &str, after: &str| FieldChange {
        path: path.to_owned(),
        before: Some(before.to_owned()),
        after: Some(after.to_owned()),
        author: FieldAuthor::Manifest,
    };
    let changed = |module: &&str, kind: &str| ObjectDiff {
        object: object(environment, module, kind),
        module: ModuleId::from(*module),
        live: Some(head(environment, module)),
        fields: vec![
            field(
                "spec.template.spec.containers[name=main].image",
                "\"registry.example/main:3.18.0\"",
                "\"registry.example/main:3.19.0\"",
            ),
            field("metadata.labels.version", "\"3.18.0\"", "\"3.19.0\""),
        ],
        conflicts: Vec::new(),
        rejected: None,
        content: Some(Digest::of(module.as_bytes())),
        adopts: false,
    };
    let objects: Vec<ObjectDiff> = MODULES
        .iter()
        .flat_map(|module| ["ConfigMap", "Deployment"].map(|kind| changed(module, kind)))
        .collect();
    Diff {
        digest: Digest::of(environment.as_bytes()),
        objects,
    }
}

fn backup(environment: &str, at: Instant) -> Backup {
    let kept = |module: &&str, kind: &str| BackupObject {
        object: object(environment, module, kind),
        live: Some(BackupBody {
            head: head(environment, module),
            blob: Digest::of(module.as_bytes()),
            version: Some("3.18.0".to_owned()),
        }),
    };
    Backup {
        at,
        digest: Digest::of(environment.as_bytes()),
        objects: MODULES
            .iter()
            .flat_map(|module| ["ConfigMap", "Deployment"].map(|kind| kept(module, kind)))
            .collect(),
    }
}
