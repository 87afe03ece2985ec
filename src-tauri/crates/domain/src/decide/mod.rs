//! Turns a command into events, or refuses it. Every rule that keeps a release safe is here and
//! nowhere else; the window asks the same functions whether a button works.

mod back;
mod creation;
mod evidence;
mod facts;
mod forward;
mod gates;
mod holding;
mod sending;

pub use evidence::{may_back_up, may_review};
pub use facts::may_probe;
pub use gates::{condition_name, may_tick, may_vote, may_waive};

use crate::{
    Command, EnvironmentId, EnvironmentState, Event, Instant, PersonId, Refusal, Register, Release,
    Said, Signed, StageId, Statement, Status,
};

/// What the domain is told besides the command.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Now.
    pub now: Instant,
    /// Who gives the command; none for the program itself.
    pub actor: Option<&'a PersonId>,
    /// What holds across releases.
    pub register: &'a Register,
}

/// Turns a command into events, or refuses it. Nothing is changed by asking.
pub fn decide(
    release: Option<&Release>,
    command: &Command,
    facts: Facts<'_>,
) -> Result<Vec<Event>, Refusal> {
    let Some(release) = release else {
        return match command {
            Command::Create(plan) => creation::create(plan),
            _ => Err(Refusal::ReleaseOver),
        };
    };
    let rules = Rules::of(release, facts)?;
    match command {
        Command::Create(_) => Err(Refusal::ReleaseExists),
        Command::Finish => rules.finish(),
        Command::Cancel { reason } => rules.cancel(reason),
        Command::RecordIdentity { environment, found } => rules.record_identity(environment, found),
        Command::RecordPermissions {
            environment,
            missing,
        } => rules.record_permissions(environment, missing),
        Command::RecordDiff { environment, diff } => rules.record_diff(environment, diff),
        Command::ReviewDiff {
            environment,
            digest,
            signed,
        } => rules.review_diff(environment, digest, signed),
        Command::Declare(declaration) => rules.declare(declaration),
        Command::RecordBackup {
            environment,
            backup,
        } => rules.record_backup(environment, backup),
        Command::Tick {
            stage,
            item,
            passed,
            note,
            signed,
        } => rules.tick(stage, item, *passed, note.as_deref(), signed),
        Command::Waive {
            stage,
            condition,
            reason,
            make_up_by,
            signed,
        } => rules.waive(stage, *condition, reason, *make_up_by, signed),
        Command::AskWaiver {
            stage,
            condition,
            reason,
        } => rules.ask_waiver(stage, *condition, reason),
        Command::Vote {
            stage,
            go,
            reason,
            signed,
        } => rules.vote(stage, *go, reason, signed),
        Command::OpenGate { stage } => rules.open_gate(stage),
        Command::Arm {
            environment,
            module,
            typed_name,
        } => rules.arm(environment, module, typed_name.as_deref()),
        Command::Disarm { environment } => rules.disarm(environment),
        Command::StartRollout {
            environment,
            module,
            from,
        } => rules.start_rollout(environment, module, from.as_deref()),
        Command::Intend {
            environment,
            module,
            intent,
            found,
        } => rules.intend(environment, module, intent, found),
        Command::EndStep {
            environment,
            module,
            step,
            end,
        } => rules.end_step(environment, module, *step, end),
        Command::Settle {
            environment,
            mutation,
            outcome,
            written,
        } => rules.settle(environment, mutation, outcome, written.as_ref()),
        Command::RecordPaused { environment } => rules.record_paused(environment),
        Command::RecordResumed { environment } => rules.record_resumed(environment),
        Command::Stop { environment } => rules.stop(environment),
        Command::LiftPause {
            environment,
            object,
            paused_by,
            reason,
        } => rules.lift_pause(environment, object, paused_by, reason),
        Command::ConfirmSeen {
            environment,
            objects,
            note,
        } => rules.confirm_seen(environment, objects, note),
        Command::Resume { environment } => rules.resume(environment),
        Command::Conclude {
            environment,
            module,
            verdict,
        } => rules.conclude(environment, module, verdict),
        Command::StartWayBack { environment } => rules.start_way_back(environment),
        Command::KeepFields {
            environment,
            object,
            fields,
        } => rules.keep_fields(environment, object, fields),
        Command::KeepEdit {
            environment,
            object,
            blob,
        } => rules.keep_edit(environment, object, blob),
        Command::ConcludeWayBack {
            environment,
            failure,
        } => rules.conclude_way_back(environment, failure.as_ref()),
        Command::RecordNotification {
            environment,
            kind,
            modules,
            why_not,
        } => {
            rules.environment(environment)?;
            Ok(vec![Event::NotificationSent {
                environment: environment.clone(),
                kind: *kind,
                modules: modules.clone(),
                delivered: why_not.is_none(),
                why_not: why_not.clone(),
            }])
        }
        Command::AskHelp => Ok(vec![Event::HelpAsked]),
        Command::RecordFact {
            source,
            subject,
            at,
            expires,
            value,
        } => {
            rules.may_record(*source, subject, *at, value)?;
            Ok(vec![Event::FactRecorded {
                source: *source,
                subject: subject.clone(),
                at: *at,
                expires: *expires,
                value: value.clone(),
            }])
        }
    }
}

/// A release with the facts of one command.
struct Rules<'a> {
    release: &'a Release,
    facts: Facts<'a>,
}

impl<'a> Rules<'a> {
    /// The rules for a release whose every entry is understood. Nothing is decided about another one,
    /// not even a rollback: what to restore is what its entries say.
    fn of(release: &'a Release, facts: Facts<'a>) -> Result<Rules<'a>, Refusal> {
        match &release.unreadable {
            None => Ok(Rules { release, facts }),
            Some(entry) => Err(entry.into()),
        }
    }

    /// The release is under way. Going back does not ask for this: it works after the end too.
    fn running(&self) -> Result<(), Refusal> {
        match self.release.status {
            Status::Running => Ok(()),
            Status::Finished | Status::Cancelled { .. } => Err(Refusal::ReleaseOver),
        }
    }

    fn environment(&self, id: &EnvironmentId) -> Result<&'a EnvironmentState, Refusal> {
        let missing = || Refusal::NotInRelease {
            what: id.to_string(),
        };
        self.release.environments.get(id).ok_or_else(missing)
    }

    fn operator(&self) -> Result<&'a PersonId, Refusal> {
        self.facts
            .actor
            .filter(|actor| **actor == self.release.plan.operator)
            .ok_or(Refusal::NotOperator)
    }

    /// The operator, or the manager where a decision rather than an action is asked for.
    fn operator_or_manager(&self) -> Result<&'a PersonId, Refusal> {
        let plan = &self.release.plan;
        self.facts
            .actor
            .filter(|actor| **actor == plan.operator || **actor == plan.manager)
            .ok_or(Refusal::NotOperator)
    }

    /// The signature is the actor's, by the registered key, over exactly this.
    fn signed(&self, signed: &Signed, says: Said, stage: &StageId) -> Result<(), Refusal> {
        let actor = self.facts.actor.ok_or(Refusal::SignatureInvalid)?;
        let key = self
            .facts
            .register
            .keys
            .get(actor)
            .ok_or(Refusal::NoKeyRegistered)?;
        let release = self.release.plan.id.clone();
        let expected = Statement::new(
            says,
            release,
            stage.clone(),
            actor.clone(),
            signed.statement.at,
        );
        let fits = signed.statement == expected && &signed.key == key && signed.verifies();
        if !fits {
            return Err(Refusal::SignatureInvalid);
        }
        self.key_is_independent(actor)
    }

    /// Operator and verifier cannot let each other's keys be replaced in the middle of a release: who
    /// witnesses a key chooses its passphrase if nobody else is there.
    fn key_is_independent(&self, actor: &PersonId) -> Result<(), Refusal> {
        let plan = &self.release.plan;
        let other = match actor {
            actor if actor == &plan.operator => &plan.verifier,
            actor if actor == &plan.verifier => &plan.operator,
            _ => return Ok(()),
        };
        let witnessed = self.facts.register.key_of(actor).is_some_and(|key| {
            key.from > self.release.created_at && key.witness.as_ref() == Some(other)
        });
        if witnessed {
            Err(Refusal::WitnessedByOther {
                witness: other.clone(),
            })
        } else {
            Ok(())
        }
    }

    /// The cluster that answered a moment ago is the pinned one.
    fn pinned(&self, id: &EnvironmentId, found: &crate::ClusterIdentity) -> Result<(), Refusal> {
        match self.facts.register.bindings.get(id) {
            None => Err(Refusal::IdentityNotVerified),
            Some(binding) if binding.identity.is_kept_by(found) => Ok(()),
            Some(_) => Err(Refusal::IdentityMismatch),
        }
    }
}
