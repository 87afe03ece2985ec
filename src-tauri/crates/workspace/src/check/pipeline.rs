use domain::{Environment, EnvironmentId, GateRules, Stage, StageId};

use super::{FILE, Unique, at_least_one, identifier, is_dns_label, line, words};
use crate::located::Located;
use crate::raw::{RawEnvironment, RawGate, RawStage};
use crate::{Expectation, Thing, WorkspaceFailure};

/// A week; longer is a slip of the pen.
const LONGEST_SOAK_S: u32 = 7 * 24 * 3600;
/// Characters that fit where the short name stands.
const SHORT_MOST: u32 = 12;

pub(super) fn check(
    pipeline: &Located<Vec<Located<RawStage>>>,
) -> Result<Vec<Stage>, WorkspaceFailure> {
    if pipeline.value.is_empty() {
        return Err(pipeline.expects(FILE, at_least_one(Thing::Stage)));
    }
    let mut seen = Seen::default();
    pipeline
        .value
        .iter()
        .map(|raw| stage(&raw.value, &mut seen))
        .collect()
}

#[derive(Default)]
struct Seen {
    stages: Unique,
    environments: Unique,
    places: Unique,
}

fn stage(raw: &RawStage, seen: &mut Seen) -> Result<Stage, WorkspaceFailure> {
    identifier(&raw.id)?;
    seen.stages
        .take(Thing::Stage, raw.id.value.clone(), raw.id.place(FILE))?;
    if raw.soak_seconds.value > LONGEST_SOAK_S {
        return Err(raw.soak_seconds.expects(
            FILE,
            Expectation::Seconds {
                most: LONGEST_SOAK_S,
            },
        ));
    }
    if raw.environments.value.is_empty() {
        return Err(raw
            .environments
            .expects(FILE, at_least_one(Thing::Environment)));
    }
    let environments = raw
        .environments
        .value
        .iter()
        .map(|e| environment(&e.value, seen))
        .collect::<Result<_, _>>()?;
    Ok(Stage {
        id: StageId::new(&raw.id.value),
        name: words(&raw.name)?,
        environments,
        gate: gate(&raw.gate)?,
        soak_s: raw.soak_seconds.value,
    })
}

fn gate(raw: &RawGate) -> Result<GateRules, WorkspaceFailure> {
    if raw.votes.value.is_empty() {
        return Err(raw.votes.expects(FILE, at_least_one(Thing::Vote)));
    }
    let mut seen = Unique::default();
    for vote in &raw.votes.value {
        seen.take(Thing::Vote, format!("{:?}", vote.value), vote.place(FILE))?;
    }
    let mut seen = Unique::default();
    for condition in &raw.waivable {
        if !domain::ConditionKind::from(condition.value).may_be_waivable() {
            return Err(condition.expects(FILE, Expectation::Waivable));
        }
        seen.take(
            Thing::Condition,
            format!("{:?}", condition.value),
            condition.place(FILE),
        )?;
    }
    Ok(GateRules {
        votes: raw.votes.value.iter().map(|v| v.value.into()).collect(),
        waivable: raw.waivable.iter().map(|c| c.value.into()).collect(),
    })
}

fn environment(raw: &RawEnvironment, seen: &mut Seen) -> Result<Environment, WorkspaceFailure> {
    identifier(&raw.id)?;
    seen.environments
        .take(Thing::Environment, raw.id.value.clone(), raw.id.place(FILE))?;
    line(&raw.short)?;
    if raw.short.value.chars().count() > SHORT_MOST as usize {
        return Err(raw
            .short
            .expects(FILE, Expectation::Characters { most: SHORT_MOST }));
    }
    // The name is typed by hand to unlock production: no spaces, nothing that cannot be typed.
    if raw.cluster.value.is_empty() || !raw.cluster.value.chars().all(|c| c.is_ascii_graphic()) {
        return Err(raw.cluster.expects(FILE, Expectation::ClusterName));
    }
    if !is_dns_label(&raw.namespace.value) {
        return Err(raw.namespace.expects(FILE, Expectation::NamespaceName));
    }
    // Two environments in one namespace would write over each other's objects.
    let place = format!("{}/{}", raw.cluster.value, raw.namespace.value);
    seen.places
        .take(Thing::ClusterAndNamespace, place, raw.namespace.place(FILE))?;
    Ok(Environment {
        id: EnvironmentId::new(&raw.id.value),
        name: words(&raw.name)?,
        short: raw.short.value.clone(),
        tier: raw.tier.into(),
        cluster: raw.cluster.value.clone(),
        namespace: raw.namespace.value.clone(),
    })
}
