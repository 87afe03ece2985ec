use domain::{Declaration, Document, Level, Module, ModuleId, Person, PersonId, Role};

use crate::check::FILE;
use crate::located::Located;
use crate::raw::RawDraft;
use crate::{Expectation, Thing, WorkspaceFailure};

/// What a release is made from: the form's contents, filled in from the workspace at first.
#[derive(Clone, Debug, PartialEq)]
pub struct ReleaseDraft {
    /// Title.
    pub title: String,
    /// Background in words.
    pub background: String,
    /// Risk level.
    pub level: Level,
    /// Operator.
    pub operator: PersonId,
    /// Verifier.
    pub verifier: PersonId,
    /// Release manager.
    pub manager: PersonId,
    /// Modules and versions.
    pub modules: Vec<ModuleVersion>,
    /// Documents.
    pub documents: Vec<Document>,
    /// What the release changes besides the versions.
    pub declarations: Vec<Declaration>,
}

/// A module and the version it goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleVersion {
    /// The module.
    pub module: ModuleId,
    /// The version, the one that the workspace's manifests carry.
    pub version: String,
}

/// The draft of the file, with what it leaves out filled in.
pub(crate) fn complete(
    raw: Option<Located<RawDraft>>,
    modules: &[Module],
    people: &[Person],
) -> Result<ReleaseDraft, WorkspaceFailure> {
    let raw = raw.map(|draft| draft.value).unwrap_or_default();
    let operator = person(&raw.operator, Role::Operator, people, None)?;
    let verifier = person(&raw.verifier, Role::Verifier, people, Some(&operator))?;
    let manager = person(&raw.manager, Role::Manager, people, None)?;
    if let Some(written) = raw.verifier.as_ref().filter(|_| operator == verifier) {
        return Err(written.expects(FILE, Expectation::NotOperator));
    }
    for document in &raw.documents {
        if !document.url.value.starts_with("https://") {
            return Err(document.url.expects(FILE, Expectation::Https));
        }
    }
    for declaration in &raw.declarations {
        let object = &declaration.object.value;
        if object != "*"
            && !object
                .split_once('/')
                .is_some_and(|(kind, name)| !kind.is_empty() && !name.is_empty())
        {
            return Err(declaration
                .object
                .expects(FILE, Expectation::DeclaredObject));
        }
    }
    Ok(ReleaseDraft {
        title: raw.title,
        background: raw.background,
        level: raw.level.map_or(Level::Medium, Into::into),
        operator,
        verifier,
        manager,
        modules: chosen(raw.modules, modules)?,
        documents: raw
            .documents
            .into_iter()
            .map(|d| Document {
                title: d.title,
                url: d.url.value,
            })
            .collect(),
        declarations: raw
            .declarations
            .into_iter()
            .map(|d| Declaration {
                text: d.text,
                object: d.object.value,
                path: d.path,
            })
            .collect(),
    })
}

/// The person who is written, else the first one with the role; the verifier preferably another
/// person than the operator.
fn person(
    written: &Option<Located<String>>,
    role: Role,
    people: &[Person],
    other_than: Option<&PersonId>,
) -> Result<PersonId, WorkspaceFailure> {
    let able = |p: &&Person| p.roles.contains(&role);
    match written {
        Some(id) => match people
            .iter()
            .filter(able)
            .find(|p| p.id.as_str() == id.value)
        {
            Some(person) => Ok(person.id.clone()),
            None => Err(id.expects(FILE, Expectation::PersonWho { role })),
        },
        None => {
            let free = people
                .iter()
                .filter(able)
                .find(|p| Some(&p.id) != other_than);
            let person = free.or_else(|| people.iter().find(able));
            // A workspace without a person for every role was refused before.
            Ok(person.map_or_else(|| PersonId::new(""), |p| p.id.clone()))
        }
    }
}

fn chosen(
    raw: Option<Vec<Located<String>>>,
    modules: &[Module],
) -> Result<Vec<ModuleVersion>, WorkspaceFailure> {
    let of = |m: &Module| ModuleVersion {
        module: m.id.clone(),
        version: m.version.clone(),
    };
    let Some(raw) = raw else {
        return Ok(modules.iter().map(of).collect());
    };
    raw.iter()
        .map(
            |id| match modules.iter().find(|m| m.id.as_str() == id.value) {
                Some(module) => Ok(of(module)),
                None => Err(id.expects(
                    FILE,
                    Expectation::Known {
                        what: Thing::Module,
                    },
                )),
            },
        )
        .collect()
}
