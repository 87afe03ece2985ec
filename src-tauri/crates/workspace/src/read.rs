use std::path::Path;

use domain::{Digest, Environment, Manifest, Module, Workspace};

use crate::check::{Checked, FILE, check};
use crate::draft::{ReleaseDraft, complete};
use crate::folder::{Folder, WorkspaceFile};
use crate::{Limits, WorkspaceFailure, manifests, version, yaml};

/// A workspace as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// Everything that a release may choose from.
    pub workspace: Workspace,
    /// SHA-256 over the names and digests of all files that were read: the same digest means the
    /// same workspace.
    pub digest: Digest,
    /// The files that were read, by path.
    pub files: Vec<WorkspaceFile>,
    /// What a new release is filled in with.
    pub draft: ReleaseDraft,
}

/// Reads the workspace in a folder.
pub fn read(folder: &Path) -> Result<Opened, WorkspaceFailure> {
    read_within(folder, &Limits::default())
}

/// Reads the workspace in a folder, with other bounds.
pub fn read_within(folder: &Path, limits: &Limits) -> Result<Opened, WorkspaceFailure> {
    let mut folder = Folder::open(folder, limits)?;
    let text = folder.text(FILE)?;
    let checked = check(yaml::one(FILE, &text, limits)?)?;
    let modules = modules(&mut folder, &checked, limits)?;
    let draft = complete(checked.draft, &modules, &checked.people)?;
    let mut files = folder.into_files();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Opened {
        workspace: Workspace {
            name: checked.name,
            stages: checked.stages,
            modules,
            people: checked.people,
            checklist: checked.checklist,
            on_call: checked.on_call,
            timings: checked.timings,
        },
        digest: digest(&files),
        files,
        draft,
    })
}

fn modules(
    folder: &mut Folder<'_>,
    checked: &Checked,
    limits: &Limits,
) -> Result<Vec<Module>, WorkspaceFailure> {
    let environments: Vec<&Environment> = checked
        .stages
        .iter()
        .flat_map(|s| &s.environments)
        .collect();
    let mut documents = manifests::read(folder, &checked.modules, &environments, limits)?;
    checked
        .modules
        .iter()
        .map(|module| {
            let documents = documents.remove(&module.id).unwrap_or_default();
            let version = version::of_module(&module.id, &module.place, &documents)?;
            let manifests = documents
                .into_iter()
                .map(|d| Manifest {
                    environment: d.environment,
                    object: d.object,
                    body: d.body,
                    file: d.file,
                })
                .collect();
            Ok(Module {
                id: module.id.clone(),
                strategy: module.strategy,
                depends_on: module.depends_on.clone(),
                version,
                manifests,
            })
        })
        .collect()
}

/// As `sha256sum` lists files, so that it can be computed again without this program.
fn digest(files: &[WorkspaceFile]) -> Digest {
    let lines: String = files
        .iter()
        .map(|file| format!("{}  {}\n", file.digest, file.path))
        .collect();
    Digest::of(lines.as_bytes())
}
