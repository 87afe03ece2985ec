use contract::{
    ChecklistView, Expected, Failure, FailureCode, Field, ReleaseView, TickForm, WaiverForm,
};
use domain::{ConditionKind, ItemId, ReleaseId, StageId};
use tauri::State;

use super::releases::view_of;
use crate::desk::Desk;
use crate::failures;

/// The checklist of a stage.
#[tauri::command]
#[specta::specta]
pub async fn checklist_view(
    desk: State<'_, Desk>,
    release: String,
    stage: String,
) -> Result<ChecklistView, Failure> {
    checklist(&desk, &ReleaseId::new(release), &StageId::new(stage)).await
}

async fn checklist(
    desk: &Desk,
    release: &ReleaseId,
    stage: &StageId,
) -> Result<ChecklistView, Failure> {
    let unknown = || Failure::new(FailureCode::ReleaseUnknown).with("release", release.as_str());
    desk.view(release, |input| {
        contract::views::checklist_view(input, stage).ok_or_else(unknown)
    })
    .await
}

/// Signs a checklist item.
#[tauri::command]
#[specta::specta]
pub async fn tick(
    desk: State<'_, Desk>,
    release: String,
    form: TickForm,
) -> Result<ChecklistView, Failure> {
    let (id, stage, person) = (
        ReleaseId::new(release),
        StageId::new(form.stage),
        desk.signer().await?,
    );
    let item = ItemId::new(form.item);
    let engine = desk.engine().await?;
    engine
        .tick(&id, &person, &stage, &item, form.passed, form.note)
        .await
        .map_err(failures::of)?;
    checklist(&desk, &id, &stage).await
}

fn condition_of(name: String) -> Result<ConditionKind, Failure> {
    serde_json::from_value(name.into())
        .map_err(|_| Failure::form(Field::Condition, Expected::GateCondition))
}

/// Asks the address that a checklist item names, and writes down what came.
#[tauri::command]
#[specta::specta]
pub async fn item_probe(
    desk: State<'_, Desk>,
    release: String,
    stage: String,
    item: String,
) -> Result<ChecklistView, Failure> {
    let (id, stage, person) = (ReleaseId::new(release), StageId::new(stage), desk.person()?);
    desk.engine()
        .await?
        .probe_item(&id, &person, &stage, &ItemId::new(item))
        .await
        .map_err(failures::of)?;
    checklist(&desk, &id, &stage).await
}

/// Waives a condition.
#[tauri::command]
#[specta::specta]
pub async fn waive(
    desk: State<'_, Desk>,
    release: String,
    form: WaiverForm,
) -> Result<ReleaseView, Failure> {
    let condition = condition_of(form.condition)?;
    let make_up_by = chrono::DateTime::parse_from_rfc3339(&form.make_up_by)
        .map_err(|_| Failure::form(Field::MakeUpBy, Expected::DateAndTime))?
        .to_utc();
    let (id, stage, person) = (
        ReleaseId::new(release),
        StageId::new(form.stage),
        desk.signer().await?,
    );
    let engine = desk.engine().await?;
    engine
        .waive(&id, &person, &stage, condition, form.reason, make_up_by)
        .await
        .map_err(failures::of)?;
    view_of(&desk, &id).await
}

/// Asks the manager to waive a condition, from any seat.
#[tauri::command]
#[specta::specta]
pub async fn waiver_ask(
    desk: State<'_, Desk>,
    release: String,
    stage: String,
    condition: String,
    reason: String,
) -> Result<ReleaseView, Failure> {
    let condition = condition_of(condition)?;
    let (id, stage) = (ReleaseId::new(release), StageId::new(stage));
    desk.engine()
        .await?
        .ask_waiver(&id, &desk.seated(), &stage, condition, reason)
        .await
        .map_err(failures::of)?;
    view_of(&desk, &id).await
}

/// Votes Go or No-Go.
#[tauri::command]
#[specta::specta]
pub async fn vote(
    desk: State<'_, Desk>,
    release: String,
    stage: String,
    go: bool,
    reason: String,
) -> Result<ReleaseView, Failure> {
    let (id, stage, person) = (
        ReleaseId::new(release),
        StageId::new(stage),
        desk.signer().await?,
    );
    desk.engine()
        .await?
        .vote(&id, &person, &stage, go, reason)
        .await
        .map_err(failures::of)?;
    view_of(&desk, &id).await
}

/// Opens a gate.
#[tauri::command]
#[specta::specta]
pub async fn gate_open(
    desk: State<'_, Desk>,
    release: String,
    stage: String,
) -> Result<ReleaseView, Failure> {
    let (id, stage, person) = (
        ReleaseId::new(release),
        StageId::new(stage),
        desk.signer().await?,
    );
    desk.engine()
        .await?
        .open_gate(&id, &person, &stage)
        .await
        .map_err(failures::of)?;
    view_of(&desk, &id).await
}
