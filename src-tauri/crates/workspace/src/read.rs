use std::path::Path;

use domain::{Digest, Environment, LeftOut, Manifest, Module, Workspace};

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
    let (modules, left_out) = modules(&mut folder, &checked, limits)?;
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
            left_out,
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
) -> Result<(Vec<Module>, Vec<LeftOut>), WorkspaceFailure> {
    let environments: Vec<&Environment> = checked
        .stages
        .iter()
        .flat_map(|s| &s.environments)
        .collect();
    let mut documents = manifests::read(folder, &checked.modules, &environments, limits)?;
    let mut modules = Vec::new();
    let mut left_out = Vec::new();
    for module in &checked.modules {
        let documents = documents.remove(&module.id).unwrap_or_default();
        let version = version::of_module(module, &documents)?;
        let mut manifests = Vec::new();
        for document in documents {
            if !document.left_out.is_empty() {
                left_out.push(LeftOut {
                    file: document.file.clone(),
                    line: document.place.line,
                    object: document.object.label(),
                    fields: document.left_out,
                });
            }
            manifests.push(Manifest {
                environment: document.environment,
                object: document.object,
                body: document.body,
                file: document.file,
            });
        }
        modules.push(Module {
            id: module.id.clone(),
            strategy: module.strategy,
            depends_on: module.depends_on.clone(),
            version,
            manifests,
        });
    }
    left_out.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    Ok((modules, left_out))
}

/// As `sha256sum` lists files, so that it can be computed again without this program.
fn digest(files: &[WorkspaceFile]) -> Digest {
    let lines: String = files
        .iter()
        .map(|file| format!("{}  {}\n", file.digest, file.path))
        .collect();
    Digest::of(lines.as_bytes())
}
