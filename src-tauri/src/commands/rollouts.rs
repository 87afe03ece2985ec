use contract::{
    BannerView, Failure, FailureCode, InterruptedView, InterruptedWork, RollbackPreviewView,
    RolloutView,
};
use domain::{EnvironmentId, ModuleId, ObjectRef, ReleaseId, Work};
use engine::Waiting;
use tauri::State;

use super::place::Place;
use crate::desk::Desk;
use crate::failures;
use crate::views::banner;

/// Unlocks changes for one module.
#[tauri::command]
#[specta::specta]
pub async fn arm(
    desk: State<'_, Desk>,
    release: String,
    environment: String,
    module: String,
    typed_name: Option<String>,
) -> Result<BannerView, Failure> {
    let person = desk.signer().await?;
    let at = Place::of(&desk, release, environment, person).await?;
    let module = ModuleId::new(module);
    at.engine
        .arm(
            &at.release,
            &at.person,
            &at.environment,
            &module,
            typed_name,
        )
        .await
        .map_err(at.failing())?;
    banner(&desk).await
}

/// Locks changes in the shown environment, in every release under way.
#[tauri::command]
#[specta::specta]
pub async fn disarm(desk: State<'_, Desk>) -> Result<BannerView, Failure> {
    let engine = desk.engine().await?;
    if let Some(environment) = desk.seat().environment {
        let actor = desk.seated();
        if let Some(release) = desk.release_under_way(engine, &environment) {
            engine
                .disarm(&release, &actor, &environment)
                .await
                .map_err(failures::of)?;
        }
    }
    banner(&desk).await
}

async fn view(
    desk: &Desk,
    release: &ReleaseId,
    environment: &EnvironmentId,
) -> Result<RolloutView, Failure> {
    let live = desk.engine().await?.live(release, environment);
    let hindered = match live.waiting {
        Some(Waiting::Contact { failure, .. }) => Some(failure),
        _ => None,
    };
    desk.view(release, |input| {
        let unknown =
            || Failure::new(FailureCode::ReleaseUnknown).with("release", release.as_str());
        let mut view = contract::views::rollout_view(input, environment).ok_or_else(unknown)?;
        view.objects = contract::views::objects_view(input, environment, &live.objects);
        view.failure = view
            .failure
            .or_else(|| {
                live.trouble
                    .as_ref()
                    .map(|trouble| desk.about(environment, failures::of_ref(trouble)))
            })
            // Only what hinders is tried again; trouble has ended the work.
            .or_else(|| {
                hindered.map(|failure| desk.failure(environment, failure).with("retried", "yes"))
            });
        Ok(view)
    })
    .await
}

/// Rolls a module out. Returns when that is written down; the work goes on by itself.
#[tauri::command]
#[specta::specta]
pub async fn rollout_start(
    desk: State<'_, Desk>,
    release: String,
    environment: String,
    module: String,
) -> Result<RolloutView, Failure> {
    let person = desk.signer().await?;
    let at = Place::of(&desk, release, environment, person).await?;
    let module = ModuleId::new(module);
    at.engine
        .start_rollout(&at.release, &at.person, &at.environment, &module)
        .await
        .map_err(at.failing())?;
    view(&desk, &at.release, &at.environment).await
}

/// Pauses the running rollout, from any seat.
#[tauri::command]
#[specta::specta]
pub async fn rollout_pause(
    desk: State<'_, Desk>,
    release: String,
    environment: String,
) -> Result<RolloutView, Failure> {
    let at = Place::of(&desk, release, environment, desk.seated()).await?;
    at.engine
        .pause(&at.release, &at.person, &at.environment)
        .await
        .map_err(at.failing())?;
    view(&desk, &at.release, &at.environment).await
}

/// Lets a paused rollout go on.
#[tauri::command]
#[specta::specta]
pub async fn rollout_resume(
    desk: State<'_, Desk>,
    release: String,
    environment: String,
) -> Result<RolloutView, Failure> {
    let person = desk.signer().await?;
    let at = Place::of(&desk, release, environment, person).await?;
    at.engine
        .resume(&at.release, &at.person, &at.environment)
        .await
        .map_err(at.failing())?;
    view(&desk, &at.release, &at.environment).await
}

/// Ends somebody else's pause of an object of the running module.
#[tauri::command]
#[specta::specta]
pub async fn rollout_lift_pause(
    desk: State<'_, Desk>,
    release: String,
    environment: String,
    object: String,
    reason: String,
) -> Result<RolloutView, Failure> {
    let person = desk.signer().await?;
    let at = Place::of(&desk, release, environment, person).await?;
    for object in planned(&at, &[object])? {
        at.engine
            .lift_pause(&at.release, &at.person, &at.environment, &object, &reason)
            .await
            .map_err(at.failing())?;
    }
    view(&desk, &at.release, &at.environment).await
}

/// Writes down that objects which no status judges were seen to be in effect.
#[tauri::command]
#[specta::specta]
pub async fn rollout_confirm_seen(
    desk: State<'_, Desk>,
    release: String,
    environment: String,
    objects: Vec<String>,
    note: String,
) -> Result<RolloutView, Failure> {
    let person = desk.signer().await?;
    let at = Place::of(&desk, release, environment, person).await?;
    let objects = planned(&at, &objects)?;
    at.engine
        .confirm_seen(&at.release, &at.person, &at.environment, objects, &note)
        .await
        .map_err(at.failing())?;
    view(&desk, &at.release, &at.environment).await
}

/// Planned objects of the running module by how the window names them.
fn planned(at: &Place<'_>, labels: &[String]) -> Result<Vec<ObjectRef>, Failure> {
    let snapshot = at.engine.release(&at.release).map_err(failures::of)?;
    let state = snapshot.release.environments.get(&at.environment);
    let running = match state.map(|state| &state.work) {
        Some(Work::Forward { module }) => Some(module.clone()),
        _ => None,
    };
    let planned = snapshot.release.plan.objects(&at.environment);
    let mine = planned.filter(|(of, _)| Some(&of.id) == running.as_ref());
    Ok(mine
        .map(|(_, planned)| planned.object.clone())
        .filter(|object| labels.contains(&object.label()))
        .collect())
}

/// Stops the running rollout where it is, from any seat.
#[tauri::command]
#[specta::specta]
pub async fn rollout_stop(
    desk: State<'_, Desk>,
    release: String,
    environment: String,
) -> Result<RolloutView, Failure> {
    let at = Place::of(&desk, release, environment, desk.seated()).await?;
    at.engine
        .stop(&at.release, &at.person, &at.environment)
        .await
        .map_err(at.failing())?;
    view(&desk, &at.release, &at.environment).await
}

/// What goes on in an environment.
#[tauri::command]
#[specta::specta]
pub async fn rollout_view(
    desk: State<'_, Desk>,
    release: String,
    environment: String,
) -> Result<RolloutView, Failure> {
    view(
        &desk,
        &ReleaseId::new(release),
        &EnvironmentId::new(environment),
    )
    .await
}

/// Goes back, from any seat. Returns when that is written down; pressed again while it runs, it changes nothing.
#[tauri::command]
#[specta::specta]
pub async fn way_back(
    desk: State<'_, Desk>,
    release: String,
    environment: String,
) -> Result<RolloutView, Failure> {
    let at = Place::of(&desk, release, environment, desk.seated()).await?;
    at.engine
        .way_back(&at.release, &at.person, &at.environment)
        .await
        .map_err(at.failing())?;
    view(&desk, &at.release, &at.environment).await
}

/// What a rollback would do now, asked of the cluster by dry runs. Changes nothing, and nothing is written
/// down.
#[tauri::command]
#[specta::specta]
pub async fn rollback_preview(
    desk: State<'_, Desk>,
    release: String,
    environment: String,
) -> Result<RollbackPreviewView, Failure> {
    let at = Place::of(&desk, release, environment, desk.seated()).await?;
    let asked_at = chrono::Utc::now();
    let objects = at
        .engine
        .preview_rollback(&at.release, &at.environment)
        .await
        .map_err(at.failing())?;
    Ok(contract::views::rollback_preview_view(
        &at.environment,
        asked_at,
        &objects,
    ))
}

/// What was cut off, and what the cluster shows of it. Changes nothing.
#[tauri::command]
#[specta::specta]
pub async fn interrupted_view(
    desk: State<'_, Desk>,
    release: String,
) -> Result<Option<InterruptedView>, Failure> {
    let id = ReleaseId::new(release);
    let engine = desk.engine().await?;
    let snapshot = engine.release(&id).map_err(failures::of)?;
    let Some(mut view) = desk.cut_off(engine, &snapshot.release) else {
        return Ok(None);
    };
    desk.rehearsals_ready().await;
    let environment = EnvironmentId::new(view.environment.clone());
    let found = engine
        .interrupted(&id)
        .await
        .map_err(|failure| desk.failure(&environment, failure))?;
    view.found = found.map(|found| crate::views::finding(found.found));
    Ok(Some(view))
}

/// Goes on from what the cluster shows; back from any seat.
#[tauri::command]
#[specta::specta]
pub async fn interrupted_continue(
    desk: State<'_, Desk>,
    release: String,
) -> Result<RolloutView, Failure> {
    let id = ReleaseId::new(release);
    let engine = desk.engine().await?;
    let snapshot = engine.release(&id).map_err(failures::of)?;
    let cut_off = desk.cut_off(engine, &snapshot.release);
    let person = match cut_off.as_ref().map(|view| view.doing) {
        Some(InterruptedWork::Back) => desk.seated(),
        _ => desk.signer().await?,
    };
    let environment = cut_off
        .map(|view| EnvironmentId::new(view.environment))
        .or(desk.seat().environment)
        .unwrap_or_else(|| EnvironmentId::new(""));
    desk.rehearsals_ready().await;
    engine
        .resume_work(&id, &person)
        .await
        .map_err(|failure| desk.failure(&environment, failure))?;
    view(&desk, &id, &environment).await
}
