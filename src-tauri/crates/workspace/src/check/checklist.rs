use domain::{ChecklistItem, ItemId, ItemKind, Phase, Stage, StageId};

use super::probe::Hosts;
use super::{FILE, Unique, identifier, words};
use crate::located::Located;
use crate::raw::RawItem;
use crate::{Expectation, Thing, WorkspaceFailure};

pub(super) fn check(
    raw: Vec<Located<RawItem>>,
    stages: &[Stage],
    probe_hosts: &[Located<String>],
) -> Result<Vec<ChecklistItem>, WorkspaceFailure> {
    let hosts = Hosts::check(probe_hosts)?;
    let mut seen = Unique::default();
    raw.into_iter()
        .map(|item| {
            let item = item.value;
            identifier(&item.id)?;
            seen.take(Thing::Item, item.id.value.clone(), item.id.place(FILE))?;
            for stage in &item.stages {
                if !stages.iter().any(|s| s.id.as_str() == stage.value) {
                    return Err(stage.expects(FILE, Expectation::Known { what: Thing::Stage }));
                }
            }
            let phase = Phase::from(item.phase);
            let kind = ItemKind::from(item.kind.value);
            // Before the stage there is nothing to probe: the gate could never open.
            if phase == Phase::Pre && kind != ItemKind::Manual {
                return Err(item.kind.expects(FILE, Expectation::Manual));
            }
            let probe = hosts.probe(&item)?;
            Ok(ChecklistItem {
                id: ItemId::new(&item.id.value),
                phase,
                group: words(&item.group)?,
                title: words(&item.title)?,
                detail: item.detail.unwrap_or_default().into(),
                steps: item.steps.into_iter().map(Into::into).collect(),
                role: item.role.into(),
                kind,
                probe,
                stages: item.stages.iter().map(|s| StageId::new(&s.value)).collect(),
            })
        })
        .collect()
}
