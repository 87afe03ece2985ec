//! Arming, starting, holding and concluding a module's way forward.

use chrono::Duration;

use super::Rules;
use crate::{
    EnvironmentId, EnvironmentState, Event, ModuleId, ModuleState, ModuleStatus, Reasons, Refusal,
    StepEnd, Tier, Verdict, Work, compile, evidence,
};

/// A clock that is kept right by the network steps back now and then, by no more than this, seconds.
const CLOCK_STEP_S: i64 = 60;

impl Rules<'_> {
    pub(super) fn arm(
        &self,
        environment: &EnvironmentId,
        module: &ModuleId,
        typed_name: Option<&str>,
    ) -> Result<Vec<Event>, Refusal> {
        self.running()?;
        self.operator()?;
        self.module(environment, module)?;
        let state = self.environment(environment)?;
        self.gate_is_open(environment)?;
        match &state.work {
            Work::Idle => self.may_start(environment, module)?,
            // The time ran out in the middle, or the program was restarted.
            Work::Forward { module: running } if running == module => {}
            Work::Forward { .. } | Work::Back => return Err(Refusal::AlreadyRunning),
        }
        let timings = &self.release.plan.timings;
        match evidence::newest_check(state, environment, self.facts.register) {
            Some(check) if !check.verified => return Err(Refusal::IdentityMismatch),
            Some(check) if evidence::is_fresh(check, self.facts.now, timings.identity_limit_s) => {}
            _ => return Err(Refusal::IdentityNotVerified),
        }
        if let Some((_, missing)) = &state.permissions
            && let Some(permission) = missing.first()
        {
            return Err(Refusal::PermissionMissing {
                permission: permission.clone(),
            });
        }
        if let Some(expected) = self.name_to_type(environment)
            && typed_name != Some(expected)
        {
            return Err(Refusal::WrongClusterName {
                expected: expected.to_owned(),
            });
        }
        let until = self.facts.now + Duration::seconds(i64::from(timings.arming_s));
        Ok(vec![Event::Armed {
            environment: environment.clone(),
            module: module.clone(),
            until,
        }])
    }

    /// The cluster name that has to be typed: in production only.
    fn name_to_type(&self, environment: &EnvironmentId) -> Option<&str> {
        let environment = self.release.plan.environment(environment)?;
        (environment.tier == Tier::Prod).then_some(environment.cluster.as_str())
    }

    pub(super) fn disarm(&self, environment: &EnvironmentId) -> Result<Vec<Event>, Refusal> {
        let armed = self.environment(environment)?.armed.is_some();
        Ok(if armed {
            vec![Event::Disarmed {
                environment: environment.clone(),
            }]
        } else {
            Vec::new()
        })
    }

    pub(super) fn start_rollout(
        &self,
        environment: &EnvironmentId,
        module: &ModuleId,
        from: Option<&str>,
    ) -> Result<Vec<Event>, Refusal> {
        self.running()?;
        self.operator()?;
        self.module(environment, module)?;
        let state = self.environment(environment)?;
        self.gate_is_open(environment)?;
        if state.work != Work::Idle {
            return Err(Refusal::AlreadyRunning);
        }
        self.may_start(environment, module)?;
        self.is_armed(state, module)?;
        Ok(vec![Event::RolloutStarted {
            environment: environment.clone(),
            module: module.clone(),
            from: from.map(str::to_owned),
            steps: compile(&self.release.plan, environment, module),
        }])
    }

    /// What must hold for a module to begin here, apart from arming.
    fn may_start(&self, environment: &EnvironmentId, module: &ModuleId) -> Result<(), Refusal> {
        let state = self.environment(environment)?;
        if state.pending.is_some() {
            return Err(Refusal::OutcomePending);
        }
        match self.module(environment, module)?.status {
            ModuleStatus::Passed => return Err(Refusal::AlreadyPassed),
            ModuleStatus::Running | ModuleStatus::Paused | ModuleStatus::GoingBack => {
                return Err(Refusal::AlreadyRunning);
            }
            ModuleStatus::Waiting
            | ModuleStatus::Stopped
            | ModuleStatus::Failed
            | ModuleStatus::Errored
            | ModuleStatus::TakenBack => {}
        }
        self.environments_before_passed(environment)?;
        let planned = self.release.plan.module(module);
        for needed in planned.map(|m| m.depends_on.as_slice()).unwrap_or_default() {
            if self.module(environment, needed)?.status != ModuleStatus::Passed {
                return Err(Refusal::DependencyFirst {
                    module: needed.clone(),
                });
            }
        }
        if !self.release.is_backed_up(environment) {
            return Err(Refusal::NoBackup);
        }
        if !evidence::diff_is_reviewed(self.release, state) {
            return Err(Refusal::DiffNotReviewed);
        }
        Ok(())
    }

    /// sop P1: the previous environment is verified before the next, inside a stage as well.
    fn environments_before_passed(&self, environment: &EnvironmentId) -> Result<(), Refusal> {
        let stage = self.release.plan.stage_of(environment);
        let environments = stage.map(|s| s.environments.as_slice()).unwrap_or_default();
        for earlier in environments.iter().take_while(|e| &e.id != environment) {
            let state = self.environment(&earlier.id)?;
            if state
                .modules
                .values()
                .any(|module| module.status != ModuleStatus::Passed)
            {
                return Err(Refusal::EnvironmentFirst {
                    environment: earlier.id.clone(),
                });
            }
        }
        Ok(())
    }

    pub(super) fn gate_is_open(&self, environment: &EnvironmentId) -> Result<(), Refusal> {
        let stage = self.stage_of(environment)?;
        let open = self
            .release
            .stages
            .get(stage)
            .is_some_and(|stage| stage.opened.is_some());
        if open {
            Ok(())
        } else {
            Err(Refusal::GateClosed)
        }
    }

    pub(super) fn is_armed(
        &self,
        state: &EnvironmentState,
        module: &ModuleId,
    ) -> Result<(), Refusal> {
        // More time left than there was at the beginning means that the clock was set back.
        let longest = i64::from(self.release.plan.timings.arming_s) + CLOCK_STEP_S;
        let longest = Duration::seconds(longest);
        let armed = state.armed.as_ref().is_some_and(|(for_, until)| {
            for_ == module && self.facts.now <= *until && *until - self.facts.now <= longest
        });
        if armed {
            Ok(())
        } else {
            Err(Refusal::NotArmed)
        }
    }

    pub(super) fn module(
        &self,
        environment: &EnvironmentId,
        module: &ModuleId,
    ) -> Result<&ModuleState, Refusal> {
        let missing = || Refusal::NotInRelease {
            what: module.to_string(),
        };
        self.environment(environment)?
            .modules
            .get(module)
            .ok_or_else(missing)
    }

    pub(super) fn resume(&self, environment: &EnvironmentId) -> Result<Vec<Event>, Refusal> {
        let module = match &self.environment(environment)?.work {
            Work::Idle => return Err(Refusal::NotRunning),
            Work::Forward { module } => {
                self.running()?;
                self.operator()?;
                Some(module.clone())
            }
            Work::Back => None,
        };
        Ok(vec![Event::WorkResumed {
            environment: environment.clone(),
            module,
        }])
    }

    pub(super) fn conclude(
        &self,
        environment: &EnvironmentId,
        module: &ModuleId,
        verdict: &Verdict,
    ) -> Result<Vec<Event>, Refusal> {
        if self.forward(environment)? != module {
            return Err(Refusal::NotRunning);
        }
        let pending = self.environment(environment)?.pending.is_some();
        if pending && matches!(verdict, Verdict::Passed | Verdict::PassedWith(_)) {
            return Err(Refusal::OutcomePending);
        }
        let (environment, module) = (environment.clone(), module.clone());
        Ok(vec![match verdict.clone() {
            Verdict::Passed => Event::ModulePassed {
                environment,
                module,
                remarks: Reasons::default(),
            },
            Verdict::PassedWith(remarks) => Event::ModulePassed {
                environment,
                module,
                remarks,
            },
            Verdict::Failed(reason) => Event::ModuleFailed {
                environment,
                module,
                reason,
            },
            Verdict::Errored(reason) => Event::ModuleErrored {
                environment,
                module,
                reason,
            },
        }])
    }

    /// The step that the run is at, and no other: steps end in their order. Ending one again changes nothing.
    pub(super) fn end_step(
        &self,
        environment: &EnvironmentId,
        module: &ModuleId,
        step: u32,
        end: &StepEnd,
    ) -> Result<Vec<Event>, Refusal> {
        let state = self.environment(environment)?;
        let run = match &state.work {
            Work::Forward { module: running } if running == module => {
                &self.module(environment, module)?.run
            }
            Work::Back => &state.way_back.as_ref().ok_or(Refusal::NotRunning)?.run,
            Work::Forward { .. } | Work::Idle => return Err(Refusal::NotRunning),
        };
        if run.ended.contains_key(&step) {
            return Ok(Vec::new());
        }
        match run.next() {
            Some(next) if next.number == step && &next.module == module => {}
            _ => return Err(Refusal::NotPlanned),
        }
        let target = run.next().and_then(|next| next.action.target());
        let pending = state.pending.as_ref();
        if pending.is_some_and(|pending| Some(&pending.intent.object) == target) {
            return Err(Refusal::OutcomePending);
        }
        Ok(vec![Event::StepEnded {
            environment: environment.clone(),
            module: module.clone(),
            step,
            end: end.clone(),
        }])
    }

    pub(super) fn forward(&self, environment: &EnvironmentId) -> Result<&ModuleId, Refusal> {
        match &self.environment(environment)?.work {
            Work::Forward { module } => Ok(module),
            Work::Idle | Work::Back => Err(Refusal::NotRunning),
        }
    }
}
