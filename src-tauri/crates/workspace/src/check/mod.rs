//! What `pilothouse.yaml` has to satisfy beyond its form.

mod checklist;
mod modules;
mod people;
mod pipeline;
mod probe;
mod timings;

use std::collections::BTreeMap;

use domain::{ChecklistItem, OnCall, Person, Stage, Text, Timings};

pub(crate) use modules::CheckedModule;

use crate::located::Located;
use crate::raw::{RawDraft, RawWorkspace};
use crate::text::RawText;
use crate::{Expectation, Place, Thing, WorkspaceFailure};

/// The file that makes a folder a workspace.
pub(crate) const FILE: &str = "pilothouse.yaml";

/// Everything that `pilothouse.yaml` says, checked.
pub(crate) struct Checked {
    pub name: Text,
    pub stages: Vec<Stage>,
    /// In an order in which they can be released.
    pub modules: Vec<CheckedModule>,
    pub people: Vec<Person>,
    pub checklist: Vec<ChecklistItem>,
    pub on_call: Vec<OnCall>,
    pub timings: Timings,
    pub draft: Option<Located<RawDraft>>,
}

pub(crate) fn check(raw: RawWorkspace) -> Result<Checked, WorkspaceFailure> {
    let name = words(&raw.name)?;
    let stages = pipeline::check(&raw.pipeline)?;
    let modules = modules::check(&raw.modules)?;
    let people = people::check(&raw.people)?;
    let checklist = checklist::check(raw.checklist, &stages, &raw.probe_hosts)?;
    let timings = timings::check(&raw.timings.value)?;
    let on_call = raw
        .on_call
        .into_iter()
        .map(|o| OnCall {
            name: o.name.into(),
            reach: o.reach.into(),
        })
        .collect();
    Ok(Checked {
        name,
        stages,
        modules,
        people,
        checklist,
        on_call,
        timings,
        draft: raw.draft,
    })
}

/// An identifier: it names folders, stands in the ledger and is compared, so it has one spelling.
pub(super) fn identifier(id: &Located<String>) -> Result<(), WorkspaceFailure> {
    if is_dns_label(&id.value) {
        Ok(())
    } else {
        Err(id.expects(FILE, Expectation::Identifier))
    }
}

/// RFC 1123 label, as Kubernetes asks of namespaces.
pub(super) fn is_dns_label(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&text.len())
        && text.chars().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Words that are really there and can be shown on a line.
pub(super) fn words(text: &Located<RawText>) -> Result<Text, WorkspaceFailure> {
    for language in [&text.value.zh, &text.value.en] {
        line(&text.with(language.clone()))?;
    }
    Ok(text.value.clone().into())
}

/// One line of text that is not empty and holds nothing invisible.
pub(super) fn line(text: &Located<String>) -> Result<(), WorkspaceFailure> {
    if text.value.trim().is_empty() || text.value.chars().any(char::is_control) {
        Err(text.expects(FILE, Expectation::Line))
    } else {
        Ok(())
    }
}

/// Something of a list that is empty.
pub(super) fn at_least_one(what: Thing) -> Expectation {
    Expectation::AtLeastOne { what }
}

/// Tells where something was named first when it is named twice.
#[derive(Default)]
pub(super) struct Unique {
    seen: BTreeMap<String, Place>,
}

impl Unique {
    pub fn take(&mut self, what: Thing, key: String, at: Place) -> Result<(), WorkspaceFailure> {
        match self.seen.insert(key, at.clone()) {
            None => Ok(()),
            Some(first) => Err(at.expects(Expectation::Another { what, first })),
        }
    }
}
