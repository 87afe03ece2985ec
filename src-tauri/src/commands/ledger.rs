use std::collections::BTreeMap;
use std::sync::Arc;

use contract::views::Names;
use contract::{
    ChainSummary, Expected, ExportFormat, ExportView, Failure, FailureCode, Field, LedgerDetail,
    LedgerPage, LedgerQuery, NotificationView, UpgradeRecordRow,
};
use domain::{
    EnvironmentId, Event, Instant, NotificationKind, PersonId, RegisterEvent, Release, ReleaseId,
};
use engine::ports::{Entry, Format, LedgerFailure, Record, Search, Stream};
use engine::{Engine, Summary};
use tauri::State;

use crate::desk::Desk;
use crate::views::chain_summary;
use crate::{failures, folder};

/// Most rows on a page.
const ROWS_MOST: u32 = 500;
/// What the ledger calls a notification.
const NOTIFICATION: &str = "notificationSent";
/// Most notifications that the window shows.
const NOTIFICATIONS_MOST: u32 = 100;

/// A page of the ledger.
#[tauri::command]
#[specta::specta]
pub async fn ledger_page(desk: State<'_, Desk>, query: LedgerQuery) -> Result<LedgerPage, Failure> {
    let engine = desk.engine().await?;
    let search = Search {
        words: query.words,
        release: query.release.map(ReleaseId::new),
        environment: query.environment.map(EnvironmentId::new),
        actor: query.person.map(PersonId::new),
        verb: query.verb,
        before: query.before.map(u64::from),
        limit: query.limit.clamp(1, ROWS_MOST),
    };
    let found = engine.ledger().page(&search).await?;
    let rows = with_names(&desk, engine, &found.entries, |names| {
        found
            .entries
            .iter()
            .map(|entry| contract::views::ledger_row(entry, names))
            .collect()
    });
    Ok(LedgerPage {
        rows,
        matches: u32::try_from(found.matches).unwrap_or(u32::MAX),
        more: found.more,
        chain: chain_summary(&engine.ledger().chain()),
        people: found.actors.iter().map(ToString::to_string).collect(),
        verbs: found.verbs,
        since: found.since.map(contract::views::at),
    })
}

/// One entry with everything.
#[tauri::command]
#[specta::specta]
pub async fn ledger_detail(desk: State<'_, Desk>, sequence: u32) -> Result<LedgerDetail, Failure> {
    let engine = desk.engine().await?;
    let entry = engine.ledger().entry(u64::from(sequence)).await?;
    let broken = engine
        .ledger()
        .chain()
        .broken_at
        .is_some_and(|at| at <= entry.sequence);
    with_names(&desk, engine, std::slice::from_ref(&entry), |names| {
        contract::views::ledger_detail(&entry, names, !broken)
    })
    .map_err(failures::defect)
}

/// Does something with the names of people and environments of the releases that entries belong to.
fn with_names<T>(
    desk: &Desk,
    engine: &Engine,
    entries: &[Entry],
    work: impl FnOnce(&Names<'_>) -> T,
) -> T {
    let mut releases: BTreeMap<&ReleaseId, Option<Arc<Release>>> = BTreeMap::new();
    for entry in entries {
        if let Stream::Release(id) = &entry.stream {
            let read = || engine.release(id).ok().map(|snapshot| snapshot.release);
            releases.entry(id).or_insert_with(read);
        }
    }
    let open = desk.seat().workspace;
    let workspace = open.as_ref().map(|open| &open.opened.workspace);
    work(&Names {
        release: &|id| releases.get(id)?.as_deref(),
        stages: workspace.map(|w| w.stages.as_slice()).unwrap_or_default(),
        people: workspace.map(|w| w.people.as_slice()).unwrap_or_default(),
        register: &engine.register(),
    })
}

/// The chain as it is known now, without walking it.
#[tauri::command]
#[specta::specta]
pub async fn chain_view(desk: State<'_, Desk>) -> Result<ChainSummary, Failure> {
    Ok(chain_summary(&desk.engine().await?.ledger().chain()))
}

/// Walks the whole chain.
#[tauri::command]
#[specta::specta]
pub async fn ledger_verify(desk: State<'_, Desk>) -> Result<ChainSummary, Failure> {
    Ok(chain_summary(
        &desk.engine().await?.ledger().verify().await?,
    ))
}

/// Writes the whole ledger to a new file.
#[tauri::command]
#[specta::specta]
pub async fn ledger_export(
    desk: State<'_, Desk>,
    format: ExportFormat,
    path: String,
) -> Result<ExportView, Failure> {
    let engine = desk.engine().await?;
    let target = folder::typed(&path);
    let format = match format {
        ExportFormat::JsonLines => Format::JsonLines,
        ExportFormat::Csv => Format::Csv,
    };
    let unwritable = |failure: LedgerFailure| {
        Failure::new(FailureCode::ExportUnwritable)
            .with("path", target.to_string_lossy())
            .detail(failure.to_string())
    };
    if !target.is_absolute() {
        return Err(Failure::form(Field::Path, Expected::AbsolutePath));
    }
    let exported = engine
        .ledger()
        .export(format, &target)
        .await
        .map_err(unwritable)?;
    let entries = u32::try_from(exported.entries).unwrap_or(u32::MAX);
    let path = target.to_string_lossy().into_owned();
    // A chain that is broken is evidence, and is left as it was found.
    if engine.ledger().chain().broken_at.is_none() {
        let event = RegisterEvent::LedgerExported {
            path: path.clone(),
            entries,
            sha256: exported.sha256.clone(),
        };
        engine
            .note(desk.seat().person.as_ref(), event)
            .await
            .map_err(failures::of)?;
    }
    Ok(ExportView {
        path,
        entries,
        sha256: exported.sha256,
    })
}

/// The upgrade record (sop A2), of one release or of all.
#[tauri::command]
#[specta::specta]
pub async fn upgrade_record(
    desk: State<'_, Desk>,
    release: Option<String>,
) -> Result<Vec<UpgradeRecordRow>, Failure> {
    let engine = desk.engine().await?;
    let ids: Vec<ReleaseId> = match release {
        Some(id) => vec![ReleaseId::new(id)],
        None => engine
            .releases()
            .iter()
            .map(|release| release.id.clone())
            .collect(),
    };
    let mut rows = Vec::new();
    for id in ids {
        // Read past the engine, which keeps what it reads: of three years, one release at a time is enough.
        let entries = engine.ledger().read(&Stream::Release(id), 0).await?;
        rows.extend(contract::views::upgrade_record(&entries));
    }
    rows.sort_by(|a, b| b.at.cmp(&a.at));
    Ok(rows)
}

/// The newest notifications of all releases, newest first.
#[tauri::command]
#[specta::specta]
pub async fn notifications_list(desk: State<'_, Desk>) -> Result<Vec<NotificationView>, Failure> {
    let engine = desk.engine().await?;
    let newest = engine
        .ledger()
        .newest(NOTIFICATION, NOTIFICATIONS_MOST)
        .await?;
    let read_until = desk.seat().read_until;
    let releases: BTreeMap<ReleaseId, Arc<Summary>> = engine
        .releases()
        .into_iter()
        .map(|release| (release.id.clone(), release))
        .collect();
    Ok(newest
        .iter()
        .filter_map(|entry| notification(&releases, entry, read_until))
        .collect())
}

fn notification(
    releases: &BTreeMap<ReleaseId, Arc<Summary>>,
    entry: &Entry,
    read_until: Option<Instant>,
) -> Option<NotificationView> {
    let Record::Release(Event::NotificationSent {
        environment,
        kind,
        modules,
        delivered,
        ..
    }) = &entry.record
    else {
        return None;
    };
    let Stream::Release(id) = &entry.stream else {
        return None;
    };
    let environment = releases.get(id)?.environment(environment);
    let modules: Vec<_> = modules.iter().map(|module| module.as_str()).collect();
    Some(NotificationView {
        id: format!("{id}/{}", entry.position),
        at: contract::views::at(entry.at),
        kind: match kind {
            NotificationKind::Done => contract::NotificationKind::Done,
            NotificationKind::Failed => contract::NotificationKind::Failed,
            NotificationKind::NeedsYou => contract::NotificationKind::NeedsYou,
            NotificationKind::RolledBack => contract::NotificationKind::RolledBack,
        },
        release: id.to_string(),
        environment: environment
            .map(|e| contract::views::text(&e.name))
            .unwrap_or_default(),
        place: environment.to_string(),
        modules: modules.join(", "),
        delivered: *delivered,
        read: read_until.is_some_and(|until| entry.at <= until),
    })
}

/// Says that the notifications so far have been seen.
#[tauri::command]
#[specta::specta]
pub async fn notifications_read(desk: State<'_, Desk>) -> Result<(), Failure> {
    desk.sit(|seat| seat.read_until = Some(chrono::Utc::now()));
    Ok(())
}
