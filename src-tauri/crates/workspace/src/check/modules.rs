use std::collections::BTreeSet;

use domain::{ModuleId, Strategy};

use super::{FILE, Unique, at_least_one, identifier};
use crate::located::Located;
use crate::order::{Node, topological};
use crate::raw::{RawModule, RawScope};
use crate::{Expectation, Place, Thing, WorkspaceFailure};

/// A module as `pilothouse.yaml` names it.
pub(crate) struct CheckedModule {
    pub id: ModuleId,
    pub place: Place,
    pub strategy: Strategy,
    pub depends_on: Vec<ModuleId>,
    /// The version that `pilothouse.yaml` gives it.
    pub version: Option<Located<String>>,
    /// Whether its manifests may contain objects of the whole cluster.
    pub cluster_scope: bool,
}

pub(super) fn check(
    raw: &Located<Vec<Located<RawModule>>>,
) -> Result<Vec<CheckedModule>, WorkspaceFailure> {
    if raw.value.is_empty() {
        return Err(raw.expects(FILE, at_least_one(Thing::Module)));
    }
    let modules: Vec<&RawModule> = raw.value.iter().map(|m| &m.value).collect();
    let mut seen = Unique::default();
    for module in &modules {
        identifier(&module.id)?;
        seen.take(
            Thing::Module,
            module.id.value.clone(),
            module.id.place(FILE),
        )?;
        if let Some(version) = &module.version {
            check_version(version)?;
        }
    }
    let known: BTreeSet<&str> = modules.iter().map(|m| m.id.value.as_str()).collect();
    for module in &modules {
        let mut named = Unique::default();
        for before in &module.depends_on {
            if !known.contains(before.value.as_str()) {
                return Err(before.expects(
                    FILE,
                    Expectation::Known {
                        what: Thing::Module,
                    },
                ));
            }
            named.take(Thing::Dependency, before.value.clone(), before.place(FILE))?;
        }
    }
    let nodes: Vec<Node<'_>> = modules
        .iter()
        .map(|m| Node {
            id: &m.id.value,
            before: &m.depends_on,
        })
        .collect();
    let order = topological(&nodes)
        .map_err(|dependency| dependency.expects(FILE, Expectation::NoCircle))?;
    Ok(order
        .into_iter()
        .map(|index| {
            let module = modules[index];
            CheckedModule {
                id: ModuleId::new(&module.id.value),
                place: module.id.place(FILE),
                strategy: module.strategy.into(),
                depends_on: module
                    .depends_on
                    .iter()
                    .map(|d| ModuleId::new(&d.value))
                    .collect(),
                version: module.version.clone(),
                cluster_scope: module.scope == RawScope::Cluster,
            }
        })
        .collect())
}

/// A version is compared, stands in the ledger and in sentences: one word, as the label that it
/// stands in for (Kubernetes allows labels 63 characters).
fn check_version(version: &Located<String>) -> Result<(), WorkspaceFailure> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
    let text = &version.value;
    if !text.is_empty() && text.len() <= 63 && text.chars().all(plain) {
        Ok(())
    } else {
        Err(version.expects(FILE, Expectation::Version))
    }
}
