use contract::views::ChangesInput;
use contract::{BackupView, ChangesView, DeclarationForm, Failure, FailureCode, ReleaseView};
use domain::{Digest, EnvironmentId, ReleaseId};
use engine::ChangesProgress;
use tauri::State;

use super::place::Place;
use super::releases::{declaration, view_of};
use crate::desk::Desk;
use crate::failures;
use crate::lines::lines_of;

/// Asks the cluster what the release would change there.
#[tauri::command]
#[specta::specta]
pub async fn changes_run(
    desk: State<'_, Desk>,
    release: String,
    environment: String,
) -> Result<ChangesView, Failure> {
    let person = desk.person()?;
    let at = Place::of(&desk, release, environment, person).await?;
    at.engine
        .compute_diff(&at.release, &at.person, &at.environment, desk.token())
        .await
        .map_err(at.failing())?;
    view(&desk, &at.release, &at.environment).await
}

/// The newest known dry run.
#[tauri::command]
#[specta::specta]
pub async fn changes_view(
    desk: State<'_, Desk>,
    release: String,
    environment: String,
) -> Result<ChangesView, Failure> {
    view(
        &desk,
        &ReleaseId::new(release),
        &EnvironmentId::new(environment),
    )
    .await
}

async fn view(
    desk: &Desk,
    id: &ReleaseId,
    environment: &EnvironmentId,
) -> Result<ChangesView, Failure> {
    let live = desk.engine().await?.live(id, environment).changes;
    let full = match &live {
        ChangesProgress::Ready(full) => Some(full.clone()),
        _ => None,
    };
    let failure = match &live {
        ChangesProgress::Failed(failure) => Some(failures::of_ref(failure)),
        _ => None,
    };
    desk.view(id, |input| {
        let asked = ChangesInput {
            running: matches!(live, ChangesProgress::Running),
            failure,
            field_manager: cluster::FIELD_MANAGER,
            lines: &|object| {
                full.as_ref()
                    .map(|full| lines_of(full, object))
                    .unwrap_or_default()
            },
        };
        contract::views::changes_view(input, environment, asked).ok_or_else(|| {
            let refusal = domain::Refusal::NotInRelease {
                what: environment.to_string(),
            };
            failures::of(refusal.into())
        })
    })
    .await
}

/// Signs that the operator has read the diff.
#[tauri::command]
#[specta::specta]
pub async fn changes_review(
    desk: State<'_, Desk>,
    release: String,
    environment: String,
    digest: String,
) -> Result<ChangesView, Failure> {
    let person = desk.signer().await?;
    let at = Place::of(&desk, release, environment, person).await?;
    at.engine
        .review_diff(
            &at.release,
            &at.person,
            &at.environment,
            &Digest::new(digest),
        )
        .await
        .map_err(at.failing())?;
    view(&desk, &at.release, &at.environment).await
}

/// Declares a change afterwards.
#[tauri::command]
#[specta::specta]
pub async fn change_declare(
    desk: State<'_, Desk>,
    release: String,
    form: DeclarationForm,
) -> Result<ReleaseView, Failure> {
    let (id, person) = (ReleaseId::new(release), desk.signer().await?);
    desk.engine()
        .await?
        .declare(&id, &person, declaration(form))
        .await
        .map_err(failures::of)?;
    view_of(&desk, &id).await
}

/// Keeps every live object as it is now.
#[tauri::command]
#[specta::specta]
pub async fn backup_take(
    desk: State<'_, Desk>,
    release: String,
    environment: String,
) -> Result<BackupView, Failure> {
    let person = desk.person()?;
    let at = Place::of(&desk, release, environment, person).await?;
    at.engine
        .take_backup(&at.release, &at.person, &at.environment)
        .await
        .map_err(at.failing())?;
    let backup = view(&desk, &at.release, &at.environment).await?.backup;
    backup.ok_or_else(|| {
        Failure::new(FailureCode::Internal).detail("the backup is not in the ledger")
    })
}
