use std::collections::BTreeSet;

use domain::{EnvironmentId, ImageRef};

use crate::check::{CheckedModule, FILE};
use crate::manifests::Document;
use crate::tree::Tree;
use crate::{Expectation, Place, WorkspaceFailure};

/// The label through which an object says its version (Kubernetes, "Recommended Labels").
const LABEL: &str = "app.kubernetes.io/version";

/// A version and where it is said.
type Said = (String, Place);

/// The version of a module: what its workloads say; without a workload what the label of any object
/// says, else the image of a Job, CronJob or Pod; else what `pilothouse.yaml` gives it. All that is
/// said has to be the same, in every environment: a module that said two versions would reach one
/// environment as another thing than the next.
pub(crate) fn of_module(
    module: &CheckedModule,
    documents: &[Document],
) -> Result<String, WorkspaceFailure> {
    let environments: BTreeSet<&EnvironmentId> = documents.iter().map(|d| &d.environment).collect();
    let mut said: Vec<Said> = Vec::new();
    for environment in environments {
        let here = || documents.iter().filter(|d| &d.environment == environment);
        let workloads: Vec<&Document> = here().filter(|d| d.is_workload()).collect();
        if workloads.is_empty() {
            said.extend(without_workloads(here())?);
        }
        for workload in workloads {
            match of_workload(workload)? {
                Some(version) => said.push(version),
                None if module.version.is_some() => {}
                None => {
                    return Err(workload.place.expects(Expectation::VersionLabel {
                        label: LABEL.to_owned(),
                    }));
                }
            }
        }
    }
    // In the order of the pipeline, so that the first place is in the first environment.
    let position = |place: &Place| documents.iter().position(|d| d.file == place.file);
    said.sort_by_key(|(_, place)| (position(place), place.line));
    if let Some(given) = &module.version {
        said.push((given.value.clone(), given.place(FILE)));
    }
    let Some((version, first)) = said.first() else {
        return Err(module.place.expects(Expectation::VersionOfModule {
            module: module.id.to_string(),
            label: LABEL.to_owned(),
        }));
    };
    match said.iter().find(|(other, _)| other != version) {
        None => Ok(version.clone()),
        Some((found, at)) => Err(at.expects(Expectation::SameVersion {
            version: version.clone(),
            module: module.id.to_string(),
            first: first.clone(),
            found: found.clone(),
        })),
    }
}

/// What the objects of an environment without a workload say: their labels, else the images that
/// their pods run.
fn without_workloads<'a>(
    documents: impl Iterator<Item = &'a Document> + Clone,
) -> Result<Vec<Said>, WorkspaceFailure> {
    let mut labels = Vec::new();
    for document in documents.clone() {
        labels.extend(label(document)?);
    }
    if !labels.is_empty() {
        return Ok(labels);
    }
    let mut tags = Vec::new();
    for document in documents {
        let Some(pods) = pods(document) else { continue };
        let images = images(pods);
        exact(document, &images)?;
        tags.extend(first_tag(document, &images));
    }
    // Whatever else the pods run, the first image is the module's.
    tags.truncate(1);
    Ok(tags)
}

/// What makes pods without being a workload: its pods' definition.
fn pods(document: &Document) -> Option<&Tree> {
    let object = &document.object;
    let path: &[&str] = match (object.group(), object.kind.as_str()) {
        ("batch", "Job") => &["spec", "template"],
        ("batch", "CronJob") => &["spec", "jobTemplate", "spec", "template"],
        ("", "Pod") => &[],
        _ => return None,
    };
    document.tree.at(path)
}

/// The version label, else the tag of the first container's image; none when it has neither. Where
/// both are there, some container has to run what the label says.
fn of_workload(document: &Document) -> Result<Option<Said>, WorkspaceFailure> {
    let template = document.tree.at(&["spec", "template"]);
    let images: Vec<&Tree> = template.map(images).unwrap_or_default();
    exact(document, &images)?;
    let tags: Vec<&str> = images.iter().filter_map(|image| tag(image)).collect();
    let Some((version, first)) = label(document)? else {
        return Ok(first_tag(document, &images));
    };
    if let (Some(image), false) = (
        images.first(),
        tags.is_empty() || tags.contains(&version.as_str()),
    ) {
        return Err(image.expects(&document.file, Expectation::ImageOf { version, first }));
    }
    let inner = template.and_then(|t| t.at(&["metadata", "labels", LABEL]));
    if let Some(inner) = inner.filter(|inner| inner.text() != Some(version.as_str())) {
        return Err(inner.expects(&document.file, Expectation::VersionOf { version }));
    }
    Ok(Some((version, first)))
}

/// What the version label of an object says.
fn label(document: &Document) -> Result<Option<Said>, WorkspaceFailure> {
    let Some(label) = document.tree.at(&["metadata", "labels", LABEL]) else {
        return Ok(None);
    };
    match label.text() {
        Some(version) if !version.is_empty() => {
            Ok(Some((version.to_owned(), label.place(&document.file))))
        }
        _ => Err(label.expects(&document.file, Expectation::Version)),
    }
}

/// The images of a pod's definition, in order.
fn images(pods: &Tree) -> Vec<&Tree> {
    let containers = pods.at(&["spec", "containers"]);
    let containers = containers.map_or(&[][..], Tree::items);
    containers
        .iter()
        .filter_map(|container| container.get("image"))
        .collect()
}

/// Refuses a tag that names another image each day.
fn exact(document: &Document, images: &[&Tree]) -> Result<(), WorkspaceFailure> {
    match images.iter().find(|image| tag(image) == Some("latest")) {
        Some(latest) => Err(latest.expects(&document.file, Expectation::ExactTag)),
        None => Ok(()),
    }
}

fn first_tag(document: &Document, images: &[&Tree]) -> Option<Said> {
    let image = images.first()?;
    Some((tag(image)?.to_owned(), image.place(&document.file)))
}

/// The tag of an image; none when it has only a digest, or nothing.
fn tag(image: &Tree) -> Option<&str> {
    ImageRef::of(image.text()?).tag
}
