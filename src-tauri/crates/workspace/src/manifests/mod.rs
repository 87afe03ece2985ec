//! The manifests beside `pilothouse.yaml`.

mod document;
mod filled;

use std::collections::BTreeMap;

use domain::{Environment, ModuleId, ObjectRef};
use serde_json::Value;

pub(crate) use document::Document;
use document::{Allowed, Read};

use crate::check::CheckedModule;
use crate::folder::Folder;
use crate::{Expectation, Limits, Place, Thing, WorkspaceFailure, yaml};

const FOLDER: &str = "modules";

/// Reads the manifests of every module in every environment: files in the order of their names,
/// documents in theirs, and then sorted so that what others refer to is written first.
pub(crate) fn read(
    folder: &mut Folder<'_>,
    modules: &[CheckedModule],
    environments: &[&Environment],
    limits: &Limits,
) -> Result<BTreeMap<ModuleId, Vec<Document>>, WorkspaceFailure> {
    only_known(
        folder,
        FOLDER,
        modules.iter().map(|m| m.id.as_str()),
        Thing::Module,
    )?;
    let mut seen: BTreeMap<(String, ObjectRef), Place> = BTreeMap::new();
    let mut of_clusters = OfClusters::default();
    let mut all = BTreeMap::new();
    for module in modules {
        let path = format!("{FOLDER}/{}", module.id);
        only_known(
            folder,
            &path,
            environments.iter().map(|e| e.id.as_str()),
            Thing::Environment,
        )?;
        let mut documents = Vec::new();
        for environment in environments {
            for document in of_environment(folder, module, environment, limits)? {
                let key = (environment.id.to_string(), document.object.clone());
                if let Some(first) = seen.insert(key, document.place.clone()) {
                    let object = document.object.label();
                    return Err(document
                        .place
                        .expects(Expectation::NoSecond { object, first }));
                }
                of_clusters.take(environment, &document)?;
                documents.push(document);
            }
        }
        all.insert(module.id.clone(), documents);
    }
    Ok(all)
}

fn of_environment(
    folder: &mut Folder<'_>,
    module: &CheckedModule,
    environment: &Environment,
    limits: &Limits,
) -> Result<Vec<Document>, WorkspaceFailure> {
    let path = format!("{FOLDER}/{}/{}", module.id, environment.id);
    let missing = || {
        let path = path.clone();
        module.place.expects(Expectation::Manifests { path })
    };
    let mut documents = Vec::new();
    for entry in folder.entries(&path)?.ok_or_else(missing)? {
        let file = format!("{path}/{}", entry.name);
        let extension = entry
            .name
            .rsplit_once('.')
            .map_or("", |(_, extension)| extension);
        if entry.is_folder {
            return Err(Place::start_of(file).expects(Expectation::NoFolder));
        }
        // A manifest that is passed over silently is a change that never happens.
        if matches!(extension, "yml" | "json" | "YAML" | "YML") {
            return Err(Place::start_of(file).expects(Expectation::YamlName));
        }
        if extension != "yaml" {
            continue;
        }
        let text = folder.text(&file)?;
        let allowed = Allowed {
            environment,
            cluster_scope: module.cluster_scope,
        };
        let mut open = yaml::documents(&file, &text, limits)?;
        open.reverse();
        while let Some(tree) = open.pop() {
            match Document::read(&file, tree, allowed)? {
                Read::Nothing => {}
                Read::Object(document) => documents.push(*document),
                Read::List(items) => open.extend(items.into_iter().rev()),
            }
        }
    }
    if documents.is_empty() {
        return Err(missing());
    }
    documents.sort_by_key(|document| document.object.rank());
    Ok(documents)
}

/// A folder with a slip in its name would never be read: only known names may be there.
fn only_known<'n>(
    folder: &Folder<'_>,
    path: &str,
    known: impl Iterator<Item = &'n str>,
    what: Thing,
) -> Result<(), WorkspaceFailure> {
    let known: Vec<&str> = known.collect();
    for entry in folder.entries(path)?.unwrap_or_default() {
        if entry.is_folder && !known.contains(&entry.name.as_str()) {
            return Err(Place::start_of(format!("{path}/{}", entry.name))
                .expects(Expectation::FolderOf { what }));
        }
    }
    Ok(())
}

/// Objects of whole clusters. Environments may share a cluster, and then such an object too: it can
/// only be the same for all of them.
#[derive(Default)]
struct OfClusters {
    seen: BTreeMap<(String, ObjectRef), (Place, Value)>,
}

impl OfClusters {
    fn take(
        &mut self,
        environment: &Environment,
        document: &Document,
    ) -> Result<(), WorkspaceFailure> {
        if !document.object.is_cluster_scoped() {
            return Ok(());
        }
        let key = (environment.cluster.clone(), document.object.clone());
        match self.seen.get(&key) {
            None => {
                let found = (document.place.clone(), document.body.clone());
                self.seen.insert(key, found);
                Ok(())
            }
            Some((_, body)) if *body == document.body => Ok(()),
            Some((first, _)) => Err(document.place.expects(Expectation::SameInCluster {
                object: document.object.label(),
                cluster: environment.cluster.clone(),
                first: first.clone(),
            })),
        }
    }
}
