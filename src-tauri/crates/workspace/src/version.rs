use domain::{ImageRef, ModuleId};

use crate::manifests::Document;
use crate::tree::Tree;
use crate::{Expectation, Place, WorkspaceFailure};

/// The label through which an object says its version (Kubernetes, "Recommended Labels").
const LABEL: &str = "app.kubernetes.io/version";

/// The version of a module: what all of its workloads say, in every environment. A module that
/// said two versions would reach one environment as another thing than the next.
pub(crate) fn of_module(
    module: &ModuleId,
    place: &Place,
    documents: &[Document],
) -> Result<String, WorkspaceFailure> {
    let mut found: Option<(String, Place)> = None;
    for document in documents.iter().filter(|d| d.is_workload()) {
        let (version, at) = of_workload(document)?;
        match &found {
            None => found = Some((version, at)),
            Some((first, first_at)) if *first != version => {
                return Err(at.expects(Expectation::SameVersion {
                    version: first.clone(),
                    module: module.to_string(),
                    first: first_at.clone(),
                    found: version,
                }));
            }
            Some(_) => {}
        }
    }
    for environment in documents.iter().map(|d| &d.environment) {
        if !documents
            .iter()
            .any(|d| &d.environment == environment && d.is_workload())
        {
            return Err(place.expects(Expectation::Workload {
                module: module.to_string(),
                environment: environment.to_string(),
            }));
        }
    }
    // A module without manifests was refused before.
    let missing = || {
        place.expects(Expectation::Manifests {
            path: format!("modules/{module}"),
        })
    };
    found.map(|(version, _)| version).ok_or_else(missing)
}

/// The version label, else the tag of the first container's image. Where both are there, some
/// container has to run what the label says.
fn of_workload(document: &Document) -> Result<(String, Place), WorkspaceFailure> {
    let template = document.tree.at(&["spec", "template"]);
    let images: Vec<&Tree> = template
        .and_then(|t| t.at(&["spec", "containers"]))
        .map_or(&[][..], Tree::items)
        .iter()
        .filter_map(|container| container.get("image"))
        .collect();
    let tags: Vec<&str> = images.iter().filter_map(|image| tag(image)).collect();
    if let Some(latest) = images.iter().find(|image| tag(image) == Some("latest")) {
        return Err(latest.expects(&document.file, Expectation::ExactTag));
    }
    let label = document.tree.at(&["metadata", "labels", LABEL]);
    let Some(label) = label else {
        let first = images.first().and_then(|image| Some((image, tag(image)?)));
        return match first {
            Some((image, tag)) => Ok((tag.to_owned(), image.place(&document.file))),
            None => Err(document.place.expects(Expectation::VersionLabel {
                label: LABEL.to_owned(),
            })),
        };
    };
    let version = label.text().unwrap_or_default().to_owned();
    if version.is_empty() {
        return Err(label.expects(&document.file, Expectation::Version));
    }
    if let (Some(image), false) = (
        images.first(),
        tags.is_empty() || tags.contains(&version.as_str()),
    ) {
        let first = label.place(&document.file);
        return Err(image.expects(&document.file, Expectation::ImageOf { version, first }));
    }
    let inner = template.and_then(|t| t.at(&["metadata", "labels", LABEL]));
    if let Some(inner) = inner.filter(|inner| inner.text() != Some(version.as_str())) {
        return Err(inner.expects(&document.file, Expectation::VersionOf { version }));
    }
    Ok((version, label.place(&document.file)))
}

/// The tag of an image; none when it has only a digest, or nothing.
fn tag(image: &Tree) -> Option<&str> {
    ImageRef::of(image.text()?).tag
}
