use std::collections::BTreeMap;

use chrono::SecondsFormat;
use domain::gate::{Evidence, Unit, Verdict, VerdictState, verdicts};
use domain::{Command, Stage, StageId, condition_name, may_vote, may_waive};

use super::changes::one_way_views;
use super::common::{at, count, person_head, role_view, signature_view, text};
use super::{ViewInput, refusal_view};
use crate::{
    ConditionState, ConditionView, GateView, OneWayView, Progress, ProgressUnit, VoteView,
    WaiverRequestView, WaiverView,
};

/// The gate before a stage; none for a stage that the release does not have.
pub fn gate_view(input: &ViewInput<'_>, stage: &StageId) -> Option<GateView> {
    let release = input.release;
    let rules = release.plan.stage(stage)?;
    let state = release.stages.get(stage)?;
    let before = release.plan.stage_before(stage);
    let verdicts = verdicts(release, stage, input.now, input.register);
    let refused = input
        .allows(&Command::OpenGate {
            stage: stage.clone(),
        })
        .err();
    let waiting = verdicts.iter().filter_map(|v| match v.state {
        VerdictState::Waiting { until } => Some(until),
        _ => None,
    });
    // Only when nothing but time is missing can it be told when the gate may open.
    let only_time = verdicts
        .iter()
        .all(|v| v.lets_pass() || matches!(v.state, VerdictState::Waiting { .. }));
    Some(GateView {
        stage: stage.to_string(),
        from: before.map(|b| text(&b.name)),
        to: text(&rules.name),
        open: state.opened.is_some(),
        opened_at: state.opened.as_ref().map(|(when, _)| at(*when)),
        opened_by: state.opened.as_ref().map(|(_, who)| who.to_string()),
        // It was opened with all of them: that is in the ledger. What has lapsed since shows in the rows.
        met: match state.opened {
            Some(_) => count(verdicts.len()),
            None => count(verdicts.iter().filter(|v| v.lets_pass()).count()),
        },
        total: count(verdicts.len()),
        earliest_at: waiting.max().filter(|_| only_time).map(at),
        conditions: verdicts
            .into_iter()
            .map(|v| condition(input, rules, v))
            .collect(),
        votes: votes(input, rules),
        may_open: refused.is_none(),
        why_not: refused.as_ref().map(refusal_view),
        modules: release
            .plan
            .modules
            .iter()
            .map(|m| m.id.to_string())
            .collect(),
        cluster_scoped: cluster_scoped(input, rules),
        one_way: one_way_behind(input, rules),
        pods: pods_behind(input, rules),
        arming_minutes: release.plan.timings.arming_s.div_ceil(60),
        soak_s: rules.soak_s,
    })
}

fn condition(input: &ViewInput<'_>, stage: &Stage, verdict: Verdict) -> ConditionView {
    let release = input.release;
    let state = release.stages.get(&stage.id);
    let waiver = state.and_then(|s| s.waivers.get(&verdict.kind));
    // One that was answered by time or evidence is no question any more.
    let asked = state
        .and_then(|s| s.asked.get(&verdict.kind))
        .filter(|_| !verdict.lets_pass());
    let mut params = BTreeMap::from([
        ("stage".to_owned(), verdict.about.to_string()),
        ("done".to_owned(), verdict.done.to_string()),
        ("total".to_owned(), verdict.total.to_string()),
    ]);
    let evidence = verdict.evidence.as_ref().map(evidence);
    if let (Some(Evidence::Digests(_)), Some(digest)) = (&verdict.evidence, &evidence) {
        params.insert("digest".to_owned(), digest.clone());
    }
    if let Some(Evidence::Refused(object)) = &verdict.evidence {
        params.insert("object".to_owned(), object.label());
    }
    let (state, expected_at) = match verdict.state {
        VerdictState::Met => (ConditionState::Met, None),
        VerdictState::Unmet => (ConditionState::Unmet, None),
        VerdictState::Waiting { until } => (ConditionState::Waiting, Some(at(until))),
        VerdictState::Unknown => (ConditionState::Unknown, None),
        VerdictState::Waived => (ConditionState::Waived, None),
    };
    ConditionView {
        id: condition_name(verdict.kind),
        kind: verdict.kind,
        state,
        params,
        progress: progress(&verdict),
        evidence,
        person: verdict.person.map(|person| person.to_string()),
        waivable: verdict.waivable,
        waiver: waiver.map(|waiver| WaiverView {
            reason: waiver.reason.clone(),
            make_up_by: at(waiver.make_up_by),
            signature: signature_view(&release.plan, &waiver.signed),
        }),
        may_waive: may_waive(release, &stage.id, verdict.kind, input.facts()).is_ok(),
        asked: asked.map(|request| WaiverRequestView {
            name: request
                .by
                .as_ref()
                .map(|person| person_head(&release.plan, person).name),
            at: at(request.at),
            reason: request.reason.clone(),
        }),
        expected_at,
    }
}

/// Environments are not counted: the window has no word for them; the title names them.
fn progress(verdict: &Verdict) -> Option<Progress> {
    let unit = match verdict.unit {
        Unit::Modules => ProgressUnit::Modules,
        Unit::Seconds => ProgressUnit::Seconds,
        Unit::Items => ProgressUnit::Items,
        Unit::Objects => ProgressUnit::Objects,
        Unit::Environments => return None,
    };
    Some(Progress {
        done: f64::from(verdict.done),
        total: f64::from(verdict.total),
        unit,
    })
}

/// As a row of the gate shows it.
fn evidence(evidence: &Evidence) -> String {
    match evidence {
        Evidence::At(at) => at.to_rfc3339_opts(SecondsFormat::Secs, true),
        Evidence::Digests(digests) => {
            let short: Vec<_> = digests
                .iter()
                .map(|digest| short(digest.as_str()))
                .collect();
            short.join(" ")
        }
        Evidence::Missing(permission) => format!("{} {}", permission.verb, permission.resource),
        Evidence::Refused(object) => object.label(),
    }
}

/// Enough of a digest to recognise it.
fn short(digest: &str) -> String {
    let (head, tail) = (
        digest.get(..4).unwrap_or_default(),
        digest.get(60..).unwrap_or_default(),
    );
    format!("{head}…{tail}")
}

fn votes(input: &ViewInput<'_>, stage: &Stage) -> Vec<VoteView> {
    let release = input.release;
    let mine = may_vote(release, &stage.id, input.facts()).unwrap_or_default();
    let cast = release.stages.get(&stage.id).map(|s| &s.votes);
    stage
        .gate
        .votes
        .iter()
        .map(|role| {
            let person = person_head(&release.plan, release.plan.holder(*role));
            let vote = cast.and_then(|votes| votes.get(role));
            VoteView {
                role: role_view(*role),
                person: person.id,
                name: person.name,
                go: vote.map(|v| v.go),
                reason: vote
                    .map(|v| v.reason.clone())
                    .filter(|reason| !reason.is_empty()),
                signature: vote.map(|v| signature_view(&release.plan, &v.signed)),
                may_vote: mine.contains(role),
            }
        })
        .collect()
}

/// Objects of whole clusters behind the gate, each once, in the order they are written.
fn cluster_scoped(input: &ViewInput<'_>, stage: &Stage) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let all = stage
        .environments
        .iter()
        .flat_map(|environment| input.release.plan.objects(&environment.id));
    for (_, planned) in all.filter(|(_, planned)| planned.object.is_cluster_scoped()) {
        let label = planned.object.label();
        if !found.contains(&label) {
            found.push(label);
        }
    }
    found
}

/// Changes that a rollback cannot take back, as the newest diffs have them, each once.
fn one_way_behind(input: &ViewInput<'_>, stage: &Stage) -> Vec<OneWayView> {
    let mut found: Vec<OneWayView> = Vec::new();
    let states = stage
        .environments
        .iter()
        .filter_map(|environment| input.release.environments.get(&environment.id));
    let diffs = states.flat_map(|state| &state.diff);
    for view in diffs.flat_map(|(_, diff)| diff.objects.iter().flat_map(one_way_views)) {
        if !found.contains(&view) {
            found.push(view);
        }
    }
    found
}

/// Pods that the modules behind the gate have now, as far as they are watched.
fn pods_behind(input: &ViewInput<'_>, stage: &Stage) -> Option<u32> {
    let mut all = None;
    for environment in &stage.environments {
        let picture = input.pictures.get(&environment.id)?;
        let wanted: u32 = picture
            .workloads
            .iter()
            .filter_map(|w| w.rollout.as_ref())
            .map(|r| r.wanted)
            .sum();
        all = Some(all.unwrap_or(0) + wanted);
    }
    all
}
