use std::collections::BTreeMap;

use crate::{
    Digest, EnvironmentId, EnvironmentState, Event, Fact, FactSubject, IdentityCheck, Instant,
    ModuleId, ModuleState, ModuleStatus, MutationOutcome, MutationVerb, PendingMutation, PersonId,
    Phase, Reasons, Release, ReleasePlan, Run, SettledMutation, StageState, Status, Step, StepEnd,
    Tick, Vote, Waiver, WaiverRequest, WayBack, Work, WorkSpan, compile, rollback,
};

/// Folds one event into a release. Events that do not fit the state (which `decide` never makes)
/// change nothing, so that a fold can never fail.
pub fn evolve(release: &mut Option<Release>, event: &Event, at: Instant, actor: Option<&PersonId>) {
    match (release.as_mut(), event) {
        (None, Event::ReleaseCreated { plan }) => *release = Some(created(plan, at)),
        (Some(release), event) => release.fold(event, at, actor),
        (None, _) => {}
    }
}

fn created(plan: &ReleasePlan, at: Instant) -> Release {
    let module = ModuleState {
        status: ModuleStatus::Waiting,
        from: None,
        started_at: None,
        ended_at: None,
        reason: None,
        run: Run::default(),
        seen: BTreeMap::new(),
    };
    let modules: BTreeMap<_, _> = plan
        .modules
        .iter()
        .map(|m| (m.id.clone(), module.clone()))
        .collect();
    let environment = EnvironmentState {
        modules,
        ..EnvironmentState::default()
    };
    Release {
        created_at: at,
        status: Status::Running,
        declarations: plan.declarations.clone(),
        stages: plan
            .stages
            .iter()
            .map(|s| (s.id.clone(), StageState::default()))
            .collect(),
        environments: plan
            .environments()
            .map(|e| (e.id.clone(), environment.clone()))
            .collect(),
        facts: BTreeMap::new(),
        plan: plan.clone(),
        unreadable: None,
    }
}

impl Release {
    fn fold(&mut self, event: &Event, at: Instant, actor: Option<&PersonId>) {
        match event {
            Event::ReleaseCreated { .. } => {}
            Event::ReleaseFinished => self.status = Status::Finished,
            Event::ReleaseCancelled { reason } => {
                self.status = Status::Cancelled {
                    reason: reason.clone(),
                }
            }
            Event::ChangeDeclared { declaration } => self.declarations.push(declaration.clone()),
            Event::ItemTicked {
                stage,
                item,
                passed,
                note,
                signed,
            } => {
                if let Some(state) = self.stages.get_mut(stage) {
                    let tick = Tick {
                        passed: *passed,
                        note: note.clone(),
                        signed: signed.clone(),
                    };
                    state.ticks.insert(item.clone(), tick);
                }
            }
            Event::ConditionWaived {
                stage,
                condition,
                reason,
                make_up_by,
                signed,
            } => {
                if let Some(state) = self.stages.get_mut(stage) {
                    let waiver = Waiver {
                        reason: reason.clone(),
                        make_up_by: *make_up_by,
                        signed: signed.clone(),
                    };
                    state.waivers.insert(*condition, waiver);
                    state.asked.remove(condition);
                }
            }
            Event::WaiverAsked {
                stage,
                condition,
                reason,
            } => {
                if let Some(state) = self.stages.get_mut(stage) {
                    let request = WaiverRequest {
                        at,
                        by: actor.cloned(),
                        reason: reason.clone(),
                    };
                    state.asked.insert(*condition, request);
                }
            }
            Event::VoteCast {
                stage,
                role,
                go,
                reason,
                signed,
            } => {
                if let Some(state) = self.stages.get_mut(stage) {
                    let vote = Vote {
                        go: *go,
                        reason: reason.clone(),
                        signed: signed.clone(),
                    };
                    state.votes.insert(*role, vote);
                }
            }
            Event::GateOpened { stage, .. } => {
                if let (Some(state), Some(actor)) = (self.stages.get_mut(stage), actor) {
                    state.opened = Some((at, actor.clone()));
                    state.asked.clear();
                }
            }
            Event::RolloutStarted {
                environment,
                module,
                from,
                steps,
            } => {
                let steps = match steps.is_empty() {
                    true => compile(&self.plan, environment, module),
                    false => steps.clone(),
                };
                if let Some(state) = self.environments.get_mut(environment) {
                    state.start_rollout(module, from.as_deref(), steps, at);
                }
            }
            Event::FactRecorded {
                source,
                subject,
                at,
                expires,
                value,
            } => {
                let fact = Fact {
                    at: *at,
                    by: actor.cloned(),
                    expires: *expires,
                    value: value.clone(),
                };
                let known = self.facts.entry((*source, subject.clone()));
                // Answers may come in another order than they were asked for.
                let kept = known.or_insert_with(|| fact.clone());
                if fact.at >= kept.at {
                    *kept = fact;
                }
            }
            Event::WayBackStarted { environment, .. } => {
                self.close_gate_of(environment);
                self.fold_environment(event, at);
            }
            Event::Refused { .. } | Event::NotificationSent { .. } | Event::HelpAsked => {}
            _ => self.fold_environment(event, at),
        }
    }

    /// Going back means that the way forward leads through the gate again, with fresh evidence.
    fn close_gate_of(&mut self, environment: &EnvironmentId) {
        let Some(stage) = self.plan.stage_of(environment).map(|s| s.id.clone()) else {
            return;
        };
        let keep: Vec<_> = self
            .plan
            .items(&stage, Phase::Pre)
            .map(|item| item.id.clone())
            .collect();
        self.facts.retain(|(_, subject), _| match subject {
            FactSubject::Item { stage: of, item } => of != &stage || keep.contains(item),
            // A proof goes with the backup that it is of, which stands until the rollback has succeeded.
            FactSubject::Environment { .. } => true,
        });
        if let Some(state) = self.stages.get_mut(&stage) {
            state.opened = None;
            state.votes.clear();
            state.waivers.clear();
            state.asked.clear();
            state.ticks.retain(|item, _| keep.contains(item));
        }
    }

    fn fold_environment(&mut self, event: &Event, at: Instant) {
        if let Some(state) = event
            .environment()
            .and_then(|id| self.environments.get_mut(id))
        {
            state.fold(event, at);
        }
    }
}

impl Event {
    /// Whether it is done without a signature by design, also from a locked or an empty seat: taking
    /// harm away waits for no passphrase. Its actor says whose seat it was.
    pub fn is_from_seat(&self) -> bool {
        matches!(
            self,
            Event::RolloutPaused { .. }
                | Event::RolloutStopped { .. }
                | Event::WayBackStarted { .. }
                | Event::WaiverAsked { .. }
                | Event::HelpAsked
        )
    }

    /// The environment that an event is about.
    pub fn environment(&self) -> Option<&EnvironmentId> {
        match self {
            Event::IdentityVerified { environment, .. }
            | Event::IdentityMismatch { environment, .. }
            | Event::PermissionsChecked { environment, .. }
            | Event::DiffComputed { environment, .. }
            | Event::DiffReviewed { environment, .. }
            | Event::BackupTaken { environment, .. }
            | Event::Armed { environment, .. }
            | Event::Disarmed { environment }
            | Event::RolloutStarted { environment, .. }
            | Event::StepEnded { environment, .. }
            | Event::MutationIntended { environment, .. }
            | Event::MutationSettled { environment, .. }
            | Event::RolloutPaused { environment, .. }
            | Event::RolloutResumed { environment, .. }
            | Event::RolloutStopped { environment, .. }
            | Event::PauseLifted { environment, .. }
            | Event::ObjectsSeen { environment, .. }
            | Event::WorkResumed { environment, .. }
            | Event::ModulePassed { environment, .. }
            | Event::ModuleFailed { environment, .. }
            | Event::ModuleErrored { environment, .. }
            | Event::WayBackStarted { environment, .. }
            | Event::FieldsKept { environment, .. }
            | Event::EditKept { environment, .. }
            | Event::WayBackDone { environment }
            | Event::WayBackFailed { environment, .. }
            | Event::NotificationSent { environment, .. } => Some(environment),
            Event::Refused { environment, .. } => environment.as_ref(),
            Event::FactRecorded {
                subject: FactSubject::Environment { environment },
                ..
            } => Some(environment),
            _ => None,
        }
    }
}

impl EnvironmentState {
    fn fold(&mut self, event: &Event, at: Instant) {
        match event {
            Event::IdentityVerified { identity, .. } => {
                self.identity = Some(IdentityCheck {
                    at,
                    found: identity.clone(),
                    verified: true,
                });
            }
            Event::IdentityMismatch { found, .. } => {
                self.identity = Some(IdentityCheck {
                    at,
                    found: found.clone(),
                    verified: false,
                });
                self.armed = None;
            }
            Event::PermissionsChecked { missing, .. } => {
                self.permissions = Some((at, missing.clone()))
            }
            Event::DiffComputed { diff, .. } => self.diff = Some((at, diff.clone())),
            Event::DiffReviewed { digest, signed, .. } => {
                self.review = Some((digest.clone(), signed.clone()))
            }
            Event::BackupTaken { backup, .. } => self.backup = Some(backup.clone()),
            Event::Armed { module, until, .. } => self.armed = Some((module.clone(), *until)),
            Event::Disarmed { .. } => self.armed = None,
            Event::StepEnded {
                module, step, end, ..
            } => {
                if let Some(run) = self.run_mut(module) {
                    run.ended.insert(*step, (end.clone(), at));
                }
            }
            Event::MutationIntended { module, intent, .. } => {
                let forward = intent.verb == MutationVerb::Apply;
                let touches = forward && !self.touched.contains(module);
                if touches {
                    self.touched.push(module.clone());
                }
                let (module, intent) = (module.clone(), intent.clone());
                self.pending = Some(PendingMutation {
                    at,
                    module,
                    intent,
                    unknown: false,
                    touches,
                });
            }
            Event::MutationSettled {
                mutation,
                outcome,
                written,
                ..
            } => self.settle(mutation, outcome, written.as_ref(), at),
            Event::RolloutPaused { module, .. } => self.set(module, ModuleStatus::Paused),
            Event::RolloutResumed { module, .. } => self.set(module, ModuleStatus::Running),
            Event::RolloutStopped { module, .. } => {
                self.end(module, ModuleStatus::Stopped, None, at)
            }
            Event::ModulePassed {
                module, remarks, ..
            } => {
                let remarks = Some(remarks).filter(|remarks| !remarks.is_empty());
                self.end(module, ModuleStatus::Passed, remarks, at);
                self.end_steps(module, at);
            }
            Event::ObjectsSeen {
                module,
                objects,
                note,
                ..
            } => {
                if let Some(state) = self.modules.get_mut(module) {
                    let seen = objects.iter().map(|object| (object.clone(), note.clone()));
                    state.seen.extend(seen);
                }
            }
            Event::ModuleFailed { module, reason, .. } => {
                self.end(module, ModuleStatus::Failed, Some(reason), at);
            }
            Event::ModuleErrored { module, reason, .. } => {
                self.end(module, ModuleStatus::Errored, Some(reason), at);
            }
            Event::WayBackStarted { modules, steps, .. } => {
                let steps = match steps.is_empty() {
                    true => rollback(self, modules),
                    false => steps.clone(),
                };
                self.start_back(modules, steps, at);
            }
            Event::FieldsKept { object, fields, .. } => {
                if let Some(way_back) = &mut self.way_back {
                    way_back.kept.insert(object.clone(), fields.clone());
                }
            }
            Event::EditKept { object, blob, .. } => {
                if let Some(way_back) = &mut self.way_back {
                    way_back.overwritten.push((object.clone(), blob.clone()));
                }
            }
            Event::WayBackDone { .. } => self.end_back(None, at),
            Event::WayBackFailed { reason, .. } => self.end_back(Some(reason), at),
            _ => {}
        }
    }

    fn settle(
        &mut self,
        mutation: &crate::MutationId,
        outcome: &MutationOutcome,
        written: Option<&Digest>,
        at: Instant,
    ) {
        let Some(pending) = self.pending.as_mut().filter(|p| &p.intent.id == mutation) else {
            return;
        };
        if matches!(outcome, MutationOutcome::Unknown { .. }) {
            pending.unknown = true;
            return;
        }
        if let Some(pending) = self.pending.take() {
            // Nothing was written: there is nothing to take back, and the backup may be taken anew. A request
            // that nobody answered may still be on its way.
            let not_applied = matches!(outcome, MutationOutcome::NotApplied { .. });
            if pending.touches && not_applied && !pending.unknown && self.work != Work::Back {
                self.touched.retain(|touched| touched != &pending.module);
            }
            self.settled.push(SettledMutation {
                intended_at: pending.at,
                settled_at: at,
                module: pending.module,
                intent: pending.intent,
                outcome: outcome.clone(),
                written: written.cloned(),
                was_unknown: pending.unknown,
            });
        }
    }

    fn start_rollout(
        &mut self,
        module: &ModuleId,
        from: Option<&str>,
        steps: Vec<Step>,
        at: Instant,
    ) {
        self.work = Work::Forward {
            module: module.clone(),
        };
        if let Some(state) = self.modules.get_mut(module) {
            // A second try comes from the version that the first one came from.
            let from = state.from.take().or_else(|| from.map(str::to_owned));
            *state = ModuleState {
                status: ModuleStatus::Running,
                from,
                started_at: Some(at),
                ended_at: None,
                reason: None,
                run: Run::of(steps),
                seen: BTreeMap::new(),
            };
        }
    }

    /// The run that a step of a module belongs to now.
    fn run_mut(&mut self, module: &ModuleId) -> Option<&mut Run> {
        match self.work {
            Work::Back => self.way_back.as_mut().map(|way_back| &mut way_back.run),
            Work::Forward { .. } | Work::Idle => {
                self.modules.get_mut(module).map(|state| &mut state.run)
            }
        }
    }

    /// Ledgers before version 4 do not say when the steps of a run that passed ended: each with its write, or
    /// there was nothing to write.
    fn end_steps(&mut self, module: &ModuleId, at: Instant) {
        let EnvironmentState {
            modules, settled, ..
        } = self;
        let Some(state) = modules.get_mut(module) else {
            return;
        };
        let since = state.started_at.unwrap_or(at);
        for step in &state.run.steps {
            let target = step.action.target();
            let mut newest = settled.iter().rev();
            let write = newest.find(|settled| {
                Some(&settled.intent.object) == target && settled.intended_at >= since
            });
            let end = match (target, write) {
                (None, _) => (StepEnd::Done, at),
                (Some(_), Some(write)) => (StepEnd::Done, write.settled_at),
                (Some(_), None) => (StepEnd::Unneeded, at),
            };
            state.run.ended.entry(step.number).or_insert(end);
        }
    }

    fn set(&mut self, module: &ModuleId, status: ModuleStatus) {
        if let Some(state) = self.modules.get_mut(module) {
            state.status = status;
        }
    }

    fn end(
        &mut self,
        module: &ModuleId,
        status: ModuleStatus,
        reason: Option<&Reasons>,
        at: Instant,
    ) {
        self.work = Work::Idle;
        self.armed = None;
        if let Some(state) = self.modules.get_mut(module) {
            state.status = status;
            state.reason = reason.cloned();
            state.ended_at = Some(at);
            self.history.push(WorkSpan {
                back: false,
                modules: vec![module.clone()],
                started_at: state.started_at.unwrap_or(at),
                ended_at: at,
            });
        }
    }

    fn start_back(&mut self, modules: &[ModuleId], steps: Vec<Step>, at: Instant) {
        self.work = Work::Back;
        self.armed = None;
        // What was true before the way back is not true after it.
        self.diff = None;
        self.review = None;
        for module in modules {
            self.set(module, ModuleStatus::GoingBack);
        }
        self.way_back = Some(WayBack {
            started_at: at,
            ended_at: None,
            failure: None,
            modules: modules.to_vec(),
            overwritten: Vec::new(),
            run: Run::of(steps),
            kept: BTreeMap::new(),
        });
    }

    fn end_back(&mut self, failure: Option<&Reasons>, at: Instant) {
        self.work = Work::Idle;
        let Some(way_back) = self.way_back.as_mut() else {
            return;
        };
        way_back.ended_at = Some(at);
        way_back.failure = failure.cloned();
        let modules = way_back.modules.clone();
        self.history.push(WorkSpan {
            back: true,
            modules: modules.clone(),
            started_at: way_back.started_at,
            ended_at: at,
        });
        if failure.is_some() {
            return;
        }
        for module in &modules {
            if let Some(state) = self.modules.get_mut(module) {
                state.status = ModuleStatus::TakenBack;
                state.ended_at = Some(at);
            }
        }
        self.touched.clear();
        self.backup = None;
    }
}
