use super::Rules;
use crate::{Event, PersonId, Phase, Refusal, ReleasePlan, Role, gate};

/// Longest title that fits the page header.
const TITLE_MOST: usize = 80;

pub(super) fn create(plan: &ReleasePlan) -> Result<Vec<Event>, Refusal> {
    let invalid = |field: &str| {
        Err(Refusal::FieldInvalid {
            field: field.to_owned(),
        })
    };
    if plan.title.trim().is_empty() || plan.title.chars().count() > TITLE_MOST {
        return invalid("title");
    }
    if plan.modules.is_empty() {
        return invalid("modules");
    }
    if plan.stages.is_empty()
        || plan
            .stages
            .iter()
            .any(|stage| stage.environments.is_empty())
    {
        return invalid("stages");
    }
    if plan
        .documents
        .iter()
        .any(|document| !document.url.starts_with("https://"))
    {
        return invalid("documents");
    }
    if plan
        .declarations
        .iter()
        .any(|d| d.text.trim().is_empty() || d.object.trim().is_empty())
    {
        return invalid("declarations");
    }
    if plan.operator == plan.verifier {
        return Err(Refusal::VerifierIsOperator);
    }
    holds(plan, &plan.operator, Role::Operator)?;
    holds(plan, &plan.verifier, Role::Verifier)?;
    holds(plan, &plan.manager, Role::Manager)?;
    dependencies_come_first(plan)?;
    Ok(vec![Event::ReleaseCreated {
        plan: Box::new(plan.clone()),
    }])
}

fn holds(plan: &ReleasePlan, person: &PersonId, role: Role) -> Result<(), Refusal> {
    let has = plan
        .person(person)
        .is_some_and(|person| person.roles.contains(&role));
    if has {
        Ok(())
    } else {
        Err(Refusal::RoleMissing { role })
    }
}

/// sop P3: an explicit order in which nothing goes before what it depends on.
fn dependencies_come_first(plan: &ReleasePlan) -> Result<(), Refusal> {
    for (at, module) in plan.modules.iter().enumerate() {
        let earlier = plan.modules.get(..at).unwrap_or_default();
        if earlier.iter().any(|other| other.id == module.id) {
            return Err(Refusal::FieldInvalid {
                field: "modules".to_owned(),
            });
        }
        for needed in &module.depends_on {
            if !earlier.iter().any(|other| &other.id == needed) {
                return Err(Refusal::DependencyFirst {
                    module: needed.clone(),
                });
            }
        }
    }
    Ok(())
}

impl Rules<'_> {
    pub(super) fn finish(&self) -> Result<Vec<Event>, Refusal> {
        self.running()?;
        self.operator_or_manager()?;
        if self.release.is_working() {
            return Err(Refusal::AlreadyRunning);
        }
        for stage in &self.release.plan.stages {
            let soaked = self.release.soaked_at(&stage.id);
            let done = soaked.is_some_and(|at| at <= self.facts.now);
            if !done {
                let condition = crate::ConditionKind::SoakPassed;
                return Err(Refusal::ConditionUnmet { condition });
            }
            let mut after = self.release.plan.items(&stage.id, Phase::Post);
            if after.any(|i| {
                gate::item_verdict(self.release, &stage.id, i) != gate::ItemVerdict::Passed
            }) {
                let condition = crate::ConditionKind::ChecklistComplete;
                return Err(Refusal::ConditionUnmet { condition });
            }
        }
        Ok(vec![Event::ReleaseFinished])
    }

    pub(super) fn cancel(&self, reason: &str) -> Result<Vec<Event>, Refusal> {
        self.running()?;
        self.operator_or_manager()?;
        if self.release.is_working() {
            return Err(Refusal::AlreadyRunning);
        }
        if reason.trim().is_empty() {
            return Err(Refusal::ReasonTooShort { least: 1 });
        }
        Ok(vec![Event::ReleaseCancelled {
            reason: reason.to_owned(),
        }])
    }
}
