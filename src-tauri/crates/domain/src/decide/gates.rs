use std::collections::BTreeSet;

use super::{Facts, Rules};
use crate::{
    ConditionKind, Event, Instant, ItemId, Refusal, Release, Role, Said, Signed, StageId, gate,
    gate::VerdictState,
};

/// Fewest characters that say something (design 02).
const REASON_LEAST: u32 = 20;

impl Rules<'_> {
    pub(super) fn waive(
        &self,
        stage: &StageId,
        condition: ConditionKind,
        reason: &str,
        make_up_by: Instant,
        signed: &Signed,
    ) -> Result<Vec<Event>, Refusal> {
        self.may_waive(stage, condition)?;
        if reason.trim().chars().count() < REASON_LEAST as usize {
            return Err(Refusal::ReasonTooShort {
                least: REASON_LEAST,
            });
        }
        if make_up_by <= self.facts.now {
            return Err(Refusal::FieldInvalid {
                field: "makeUpBy".to_owned(),
            });
        }
        let says = Said::Waive {
            condition: condition_name(condition),
            reason: reason.to_owned(),
            make_up_by,
        };
        self.signed(signed, says, stage)?;
        Ok(vec![Event::ConditionWaived {
            stage: stage.clone(),
            condition,
            reason: reason.to_owned(),
            make_up_by,
            signed: signed.clone(),
        }])
    }

    /// Everything about a waiver but its words and signature.
    pub(super) fn may_waive(
        &self,
        stage: &StageId,
        condition: ConditionKind,
    ) -> Result<(), Refusal> {
        self.may_be_waived(stage, condition)?;
        if self.facts.actor != Some(&self.release.plan.manager) {
            return Err(Refusal::RoleMissing {
                role: Role::Manager,
            });
        }
        Ok(())
    }

    /// Everything about a waiver but who gives it.
    fn may_be_waived(&self, stage: &StageId, condition: ConditionKind) -> Result<(), Refusal> {
        self.running()?;
        if self.stage_state(stage)?.opened.is_some() {
            return Err(Refusal::GateAlreadyOpen);
        }
        let verdicts = gate::verdicts(self.release, stage, self.facts.now, self.facts.register);
        match verdicts.iter().find(|verdict| verdict.kind == condition) {
            Some(verdict) if verdict.waivable => Ok(()),
            Some(_) => Err(Refusal::NotWaivable { condition }),
            None => Err(Refusal::NotInRelease {
                what: condition_name(condition),
            }),
        }
    }

    /// Asking changes nothing about the gate; the manager sees it. A second request for the same
    /// condition replaces the first.
    pub(super) fn ask_waiver(
        &self,
        stage: &StageId,
        condition: ConditionKind,
        reason: &str,
    ) -> Result<Vec<Event>, Refusal> {
        self.may_be_waived(stage, condition)?;
        if reason.trim().is_empty() {
            return Err(Refusal::ReasonTooShort { least: 1 });
        }
        Ok(vec![Event::WaiverAsked {
            stage: stage.clone(),
            condition,
            reason: reason.to_owned(),
        }])
    }

    pub(super) fn vote(
        &self,
        stage: &StageId,
        go: bool,
        reason: &str,
        signed: &Signed,
    ) -> Result<Vec<Event>, Refusal> {
        let roles = self.may_vote(stage)?;
        self.signed(
            signed,
            Said::Vote {
                go,
                reason: reason.to_owned(),
            },
            stage,
        )?;
        let vote = |role| Event::VoteCast {
            stage: stage.clone(),
            role,
            go,
            reason: reason.to_owned(),
            signed: signed.clone(),
        };
        Ok(roles.into_iter().map(vote).collect())
    }

    /// The required roles that the actor votes for.
    pub(super) fn may_vote(&self, stage: &StageId) -> Result<Vec<Role>, Refusal> {
        self.running()?;
        let state = self.stage_state(stage)?;
        if state.opened.is_some() {
            return Err(Refusal::GateAlreadyOpen);
        }
        let wanted = self
            .release
            .plan
            .stage(stage)
            .map(|s| s.gate.votes.as_slice())
            .unwrap_or_default();
        let roles: Vec<_> = wanted
            .iter()
            .copied()
            .filter(|role| self.facts.actor == Some(self.release.plan.holder(*role)))
            .collect();
        match (roles.is_empty(), wanted.first()) {
            (false, _) => Ok(roles),
            (true, Some(role)) => Err(Refusal::RoleMissing { role: *role }),
            (true, None) => Err(Refusal::NotInRelease {
                what: stage.to_string(),
            }),
        }
    }

    pub(super) fn open_gate(&self, stage: &StageId) -> Result<Vec<Event>, Refusal> {
        self.running()?;
        self.operator_or_manager()?;
        let state = self.stage_state(stage)?;
        if state.opened.is_some() {
            return Err(Refusal::GateAlreadyOpen);
        }
        let verdicts = gate::verdicts(self.release, stage, self.facts.now, self.facts.register);
        if let Some(closed) = verdicts.iter().find(|verdict| !verdict.lets_pass()) {
            return Err(Refusal::ConditionUnmet {
                condition: closed.kind,
            });
        }
        let wanted = self
            .release
            .plan
            .stage(stage)
            .map(|s| s.gate.votes.as_slice())
            .unwrap_or_default();
        for role in wanted {
            if !state.votes.get(role).is_some_and(|vote| vote.go) {
                return Err(Refusal::VoteMissing { role: *role });
            }
        }
        let waived: BTreeSet<_> = verdicts
            .iter()
            .filter(|v| v.state == VerdictState::Waived)
            .map(|v| v.kind)
            .collect();
        let met = u32::try_from(verdicts.len() - waived.len()).unwrap_or(u32::MAX);
        Ok(vec![Event::GateOpened {
            stage: stage.clone(),
            met,
            waived,
        }])
    }

    fn stage_state(&self, stage: &StageId) -> Result<&crate::StageState, Refusal> {
        let missing = || Refusal::NotInRelease {
            what: stage.to_string(),
        };
        self.release.stages.get(stage).ok_or_else(missing)
    }
}

/// The condition's name as it is signed and exported.
pub fn condition_name(condition: ConditionKind) -> String {
    let name = serde_json::to_value(condition).ok();
    name.as_ref()
        .and_then(|name| name.as_str())
        .unwrap_or_default()
        .to_owned()
}

/// Whether the actor may sign this item now; everything but the signature is checked.
pub fn may_tick(
    release: &Release,
    stage: &StageId,
    item: &ItemId,
    facts: Facts<'_>,
) -> Result<(), Refusal> {
    Rules::of(release, facts)?.may_tick(stage, item)
}

/// Whether the actor may waive this condition now; everything but the form is checked.
pub fn may_waive(
    release: &Release,
    stage: &StageId,
    condition: ConditionKind,
    facts: Facts<'_>,
) -> Result<(), Refusal> {
    Rules::of(release, facts)?.may_waive(stage, condition)
}

/// The required roles that the actor may vote for now.
pub fn may_vote(
    release: &Release,
    stage: &StageId,
    facts: Facts<'_>,
) -> Result<Vec<Role>, Refusal> {
    Rules::of(release, facts)?.may_vote(stage)
}
