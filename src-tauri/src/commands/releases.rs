use contract::{
    DeclarationForm, DocumentForm, Failure, LevelView, ModuleChoice, ReleaseForm, ReleaseView,
};
use domain::{Declaration, Document, Level, ModuleId, PersonId, ReleaseId};
use tauri::State;
use workspace::{ModuleVersion, ReleaseDraft};

use crate::desk::Desk;
use crate::failures;

/// A form filled in from the workspace.
#[tauri::command]
#[specta::specta]
pub async fn release_draft(desk: State<'_, Desk>) -> Result<ReleaseForm, Failure> {
    let open = desk.workspace()?;
    let draft = &open.opened.draft;
    let level = match draft.level {
        Level::Low => LevelView::Low,
        Level::Medium => LevelView::Medium,
        Level::High => LevelView::High,
    };
    Ok(ReleaseForm {
        title: draft.title.clone(),
        background: draft.background.clone(),
        level,
        operator: draft.operator.to_string(),
        verifier: draft.verifier.to_string(),
        manager: draft.manager.to_string(),
        modules: draft
            .modules
            .iter()
            .map(|m| ModuleChoice {
                module: m.module.to_string(),
                version: m.version.clone(),
            })
            .collect(),
        documents: draft
            .documents
            .iter()
            .map(|d| DocumentForm {
                title: d.title.clone(),
                url: d.url.clone(),
            })
            .collect(),
        declarations: draft
            .declarations
            .iter()
            .map(|d| DeclarationForm {
                text: d.text.clone(),
                object: d.object.clone(),
                path: d.path.clone(),
            })
            .collect(),
    })
}

/// Creates a release from a form, out of the workspace as it is on disk now.
#[tauri::command]
#[specta::specta]
pub async fn release_create(
    desk: State<'_, Desk>,
    form: ReleaseForm,
) -> Result<ReleaseView, Failure> {
    let path = desk.workspace()?.path.clone();
    desk.open_workspace(&path).await?;
    let open = desk.workspace()?;
    let engine = desk.engine().await?;
    let person = desk.signer().await?;
    let id = next_id(engine);
    let planned =
        workspace::plan(&open.opened, &draft(form), id.clone()).map_err(failures::of_plan)?;
    let bodies = planned
        .bodies
        .into_iter()
        .map(|(digest, (_, bytes))| (digest, bytes))
        .collect();
    engine
        .create(&person, planned.plan, bodies)
        .await
        .map_err(failures::of)?;
    view_of(&desk, &id).await
}

/// `REL-20260915-01`: the day in the workstation's zone and a number within it.
fn next_id(engine: &engine::Engine) -> ReleaseId {
    let day = chrono::Local::now().format("REL-%Y%m%d-");
    let taken = engine.releases();
    let free = (1..).map(|n: u32| ReleaseId::new(format!("{day}{n:02}")));
    let mut free = free.filter(|id| taken.iter().all(|head| &head.id != id));
    free.next()
        .unwrap_or_else(|| ReleaseId::new(format!("{day}00")))
}

fn draft(form: ReleaseForm) -> ReleaseDraft {
    ReleaseDraft {
        title: form.title,
        background: form.background,
        level: match form.level {
            LevelView::Low => Level::Low,
            LevelView::Medium => Level::Medium,
            LevelView::High => Level::High,
        },
        operator: PersonId::new(form.operator),
        verifier: PersonId::new(form.verifier),
        manager: PersonId::new(form.manager),
        modules: form
            .modules
            .into_iter()
            .map(|m| ModuleVersion {
                module: ModuleId::new(m.module),
                version: m.version,
            })
            .collect(),
        documents: form
            .documents
            .into_iter()
            .map(|d| Document {
                title: d.title,
                url: d.url,
            })
            .collect(),
        declarations: form.declarations.into_iter().map(declaration).collect(),
    }
}

pub(super) fn declaration(form: DeclarationForm) -> Declaration {
    Declaration {
        text: form.text,
        object: form.object,
        path: form.path,
    }
}

/// A release.
#[tauri::command]
#[specta::specta]
pub async fn release_view(desk: State<'_, Desk>, release: String) -> Result<ReleaseView, Failure> {
    view_of(&desk, &ReleaseId::new(release)).await
}

pub(super) async fn view_of(desk: &Desk, release: &ReleaseId) -> Result<ReleaseView, Failure> {
    desk.view(release, |input| Ok(contract::views::release_view(input)))
        .await
}

/// Ends a release early.
#[tauri::command]
#[specta::specta]
pub async fn release_cancel(
    desk: State<'_, Desk>,
    release: String,
    reason: String,
) -> Result<ReleaseView, Failure> {
    let (id, person) = (ReleaseId::new(release), desk.signer().await?);
    desk.engine()
        .await?
        .cancel(&id, &person, reason)
        .await
        .map_err(failures::of)?;
    view_of(&desk, &id).await
}

/// Closes a release after its last stage.
#[tauri::command]
#[specta::specta]
pub async fn release_finish(
    desk: State<'_, Desk>,
    release: String,
) -> Result<ReleaseView, Failure> {
    let (id, person) = (ReleaseId::new(release), desk.signer().await?);
    desk.engine()
        .await?
        .finish(&id, &person)
        .await
        .map_err(failures::of)?;
    view_of(&desk, &id).await
}
