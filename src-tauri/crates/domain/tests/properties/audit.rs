//! What an auditor with nothing but the events checks: computed anew, not by the functions under test.

use std::collections::{BTreeMap, BTreeSet};

use domain::*;

use crate::common::*;

/// What an auditor with nothing but the events checks.
#[derive(Default)]
pub struct Audit {
    open: BTreeSet<String>,
    backups: BTreeSet<String>,
    /// Whether the cluster said that the backup can be put back.
    proven: BTreeMap<String, bool>,
    reviewed: BTreeMap<String, bool>,
    /// What was signed for, by its digest: the same content seen again is still reviewed.
    signed: BTreeMap<String, Digest>,
    armed: BTreeMap<String, (String, Instant)>,
    identity: BTreeMap<String, (Instant, bool)>,
    permissions: BTreeMap<String, bool>,
    passed: BTreeSet<(String, String)>,
    ticks: BTreeMap<(String, String), bool>,
    go: BTreeMap<(String, Role), bool>,
    pending: BTreeSet<String>,
    back: BTreeSet<String>,
    mutations: BTreeSet<String>,
    pub writes: u32,
    pub gates: u32,
}

impl Audit {
    pub fn see(&mut self, at: Instant, actor: &Option<PersonId>, event: &Event) {
        let actor = actor.as_ref().map(|a| a.as_str()).unwrap_or_default();
        match event {
            Event::BackupTaken { environment, .. } => {
                self.backups.insert(environment.to_string());
            }
            Event::FactRecorded {
                subject: FactSubject::Environment { environment },
                value: FactValue::RollbackProof(proof),
                ..
            } => {
                assert!(self.backups.contains(environment.as_str()));
                self.proven
                    .insert(environment.to_string(), proof.refused.is_empty());
            }
            Event::DiffReviewed {
                environment,
                digest,
                ..
            } => {
                assert_eq!(actor, OPERATOR);
                self.reviewed.insert(environment.to_string(), true);
                self.signed.insert(environment.to_string(), digest.clone());
            }
            Event::DiffComputed {
                environment,
                diff: seen,
            } => {
                let same = *seen == diff(environment.as_str(), false);
                let signed = self.signed.get(environment.as_str()) == Some(&seen.digest);
                self.reviewed
                    .insert(environment.to_string(), same && signed);
            }
            Event::PermissionsChecked {
                environment,
                missing,
            } => {
                self.permissions
                    .insert(environment.to_string(), missing.is_empty());
            }
            Event::IdentityVerified { environment, .. } => {
                self.identity.insert(environment.to_string(), (at, true));
            }
            Event::IdentityMismatch { environment, .. } => {
                self.identity.insert(environment.to_string(), (at, false));
                self.armed.remove(environment.as_str());
            }
            Event::ItemTicked {
                stage,
                item,
                passed,
                signed,
                ..
            } => {
                let role = if item.as_str() == "ready" {
                    OPERATOR
                } else {
                    VERIFIER
                };
                assert_eq!(actor, role, "{item} ticked by the wrong person");
                assert!(signed.verifies());
                self.ticks
                    .insert((stage.to_string(), item.to_string()), *passed);
            }
            Event::VoteCast {
                stage, role, go, ..
            } => {
                self.go.insert((stage.to_string(), *role), *go);
            }
            Event::ConditionWaived { condition, .. } => {
                assert_eq!(actor, MANAGER);
                assert!(condition.may_be_waivable());
            }
            Event::GateOpened { stage, waived, .. } => self.gate(at, stage.as_str(), waived),
            Event::Armed {
                environment,
                module,
                until,
            } => {
                assert_eq!(actor, OPERATOR);
                let (checked, verified) = self.identity[environment.as_str()];
                assert!(verified && (at - checked).num_seconds() <= 60);
                self.armed
                    .insert(environment.to_string(), (module.to_string(), *until));
            }
            Event::MutationIntended {
                environment,
                module,
                intent,
            } => {
                self.write(at, actor, environment.as_str(), module.as_str(), intent);
            }
            Event::MutationSettled {
                outcome: MutationOutcome::Unknown { .. },
                ..
            } => {}
            Event::MutationSettled { environment, .. } => {
                assert!(
                    self.pending.remove(environment.as_str()),
                    "settled without an intent"
                );
            }
            Event::ModulePassed {
                environment,
                module,
                ..
            } => {
                assert!(!self.pending.contains(environment.as_str()));
                self.passed
                    .insert((environment.to_string(), module.to_string()));
                self.armed.remove(environment.as_str());
            }
            Event::ModuleFailed { environment, .. } | Event::RolloutStopped { environment, .. } => {
                self.armed.remove(environment.as_str());
            }
            Event::WayBackStarted { environment, .. } => {
                assert!(self.backups.contains(environment.as_str()));
                self.back.insert(environment.to_string());
                let stage = if environment.as_str() == "prod" {
                    "sz"
                } else {
                    "bj"
                };
                self.open.remove(stage);
                self.go.retain(|(of, _), _| of != stage);
                self.ticks
                    .retain(|(of, item), _| of != stage || item != "smoke");
                self.reviewed.insert(environment.to_string(), false);
                self.signed.remove(environment.as_str());
                self.armed.remove(environment.as_str());
                self.passed.retain(|(of, _)| of != environment.as_str());
            }
            Event::WayBackDone { environment } => {
                self.back.remove(environment.as_str());
                self.backups.remove(environment.as_str());
            }
            Event::WayBackFailed { environment, .. } => {
                self.back.remove(environment.as_str());
            }
            _ => {}
        }
    }

    fn gate(&mut self, at: Instant, stage: &str, waived: &BTreeSet<ConditionKind>) {
        self.gates += 1;
        let environments: &[&str] = if stage == "bj" {
            &["dev", "test"]
        } else {
            &["prod"]
        };
        for environment in environments {
            assert!(
                self.backups.contains(*environment),
                "{stage} opened without a backup"
            );
            assert!(
                self.proven[*environment],
                "{stage} opened with a backup that cannot be put back"
            );
            assert!(
                self.reviewed[*environment],
                "{stage} opened without a review"
            );
            assert!(
                self.permissions[*environment],
                "{stage} opened without permissions"
            );
            let (checked, verified) = self.identity[*environment];
            assert!(
                verified && (at - checked).num_seconds() <= 60,
                "{stage} opened on an old identity"
            );
        }
        let ticked =
            |stage: &str, item: &str| self.ticks.get(&(stage.into(), item.into())) == Some(&true);
        let mut signed = ticked(stage, "ready") && ticked(stage, "tested");
        let mut votes = vec![Role::Operator];
        if stage == "sz" {
            votes.extend([Role::Verifier, Role::Manager]);
            signed &= ticked("bj", "smoke");
            for environment in ["dev", "test"] {
                for module in MODULES {
                    assert!(
                        self.passed.contains(&(environment.into(), module.into())),
                        "{stage} before {environment}"
                    );
                }
            }
        }
        assert!(
            signed || waived.contains(&ConditionKind::ChecklistComplete),
            "{stage} opened unsigned"
        );
        for role in votes {
            assert_eq!(
                self.go.get(&(stage.into(), role)),
                Some(&true),
                "{stage} opened without Go of {role:?}"
            );
        }
        self.open.insert(stage.to_owned());
    }

    fn write(
        &mut self,
        at: Instant,
        actor: &str,
        environment: &str,
        module: &str,
        intent: &MutationIntent,
    ) {
        self.writes += 1;
        assert!(
            self.mutations.insert(intent.id.to_string()),
            "the same mutation twice"
        );
        assert!(
            self.pending.insert(environment.to_owned()),
            "sent while an outcome is unknown"
        );
        assert!(
            self.backups.contains(environment),
            "written before a backup"
        );
        // Back, whoever is in the seat.
        if !self.back.contains(environment) {
            assert_ne!(actor, VERIFIER, "the verifier wrote");
        }
        match intent.verb {
            MutationVerb::Apply => {
                assert_eq!(actor, OPERATOR);
                assert!(
                    self.open
                        .contains(if environment == "prod" { "sz" } else { "bj" })
                );
                assert!(self.reviewed[environment]);
                let (armed, until) = &self.armed[environment];
                assert!(armed == module && at <= *until, "written while not armed");
                assert_eq!(intent.body, Some(body(module, environment)));
                assert!(!self.back.contains(environment), "forward while going back");
                if module == "router" {
                    assert!(
                        self.passed
                            .contains(&(environment.into(), "executor".into()))
                    );
                }
            }
            MutationVerb::Restore => assert!(self.back.contains(environment)),
            MutationVerb::Pause
            | MutationVerb::Unpause
            | MutationVerb::Remove
            | MutationVerb::Adopt => {}
        }
    }
}
