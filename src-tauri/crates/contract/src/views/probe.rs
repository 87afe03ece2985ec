use domain::{
    ChecklistItem, Fact, FactValue, HttpProbe, ProbeTrouble, ProbeVerdict, StageId, may_probe,
};

use super::common::{at, person_head};
use super::{ViewInput, refusal_view};
use crate::{ItemProbeView, ProbeFindingView, ProbeTroubleView, ProbeVerdictView};

/// What an item asks of an address, and what came; none for an item of another kind.
pub(super) fn probe_view(
    input: &ViewInput<'_>,
    stage: &StageId,
    item: &ChecklistItem,
) -> Option<ItemProbeView> {
    let probe = item.probe.as_ref()?;
    let refused = may_probe(input.release, stage, &item.id, input.facts()).err();
    let fact = input.release.probed(stage, item);
    Some(ItemProbeView {
        url: probe.url.clone(),
        status: probe.status,
        contains: probe.contains.clone(),
        finding: fact.and_then(|fact| finding(input, probe, fact)),
        may_ask: refused.is_none(),
        why_not: refused.as_ref().map(refusal_view),
    })
}

/// None for a fact of another kind.
fn finding(input: &ViewInput<'_>, probe: &HttpProbe, fact: &Fact) -> Option<ProbeFindingView> {
    let (status, contains, text, more, trouble) = match &fact.value {
        FactValue::HttpAnswer {
            status,
            contains,
            text,
            more,
        } => (Some(*status), *contains, text, *more, None),
        FactValue::HttpSilence { trouble, said } => (None, None, said, false, Some(*trouble)),
        FactValue::RollbackProof(_) => return None,
    };
    Some(ProbeFindingView {
        at: at(fact.at),
        by: fact
            .by
            .as_ref()
            .map(|person| person_head(&input.release.plan, person)),
        verdict: match probe.judge(&fact.value) {
            ProbeVerdict::Held => ProbeVerdictView::Held,
            ProbeVerdict::NotHeld => ProbeVerdictView::NotHeld,
            ProbeVerdict::NotReachable => ProbeVerdictView::NotReachable,
        },
        status,
        contains,
        text: text.clone(),
        more,
        trouble: trouble.map(|trouble| match trouble {
            ProbeTrouble::Late => ProbeTroubleView::Late,
            ProbeTrouble::NoConnection => ProbeTroubleView::NoConnection,
            ProbeTrouble::NotTrusted => ProbeTroubleView::NotTrusted,
            ProbeTrouble::Broken => ProbeTroubleView::Broken,
        }),
    })
}
