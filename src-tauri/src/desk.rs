//! The program's parts on this workstation, put together, and what the person at it has open.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cluster::KubeClusters;
use contract::{Failure, FailureCode};
use domain::{EnvironmentId, PersonId, RegisterEvent, ReleaseId, Status};
use engine::ports::{LedgerFailure, Notifier, SystemClock, Vault};
use engine::{Engine, EngineFailure, Ports};
use futures::future::BoxFuture;
use ledger::SqliteLedger;
use tauri::{AppHandle, Manager};
use tokio::sync::{OnceCell, OwnedMutexGuard};
use tokio_util::sync::CancellationToken;
use vault::KeychainVault;

use crate::closing::Closing;
use crate::commands::logs::LogStreams;
use crate::idle::Idle;
use crate::notifier::DesktopNotifier;
use crate::preferences::PreferencesFile;
use crate::redraw::Redraws;
use crate::rehearsals::Rehearsals;
use crate::seat::{OpenWorkspace, Seat};
use crate::seen::SeenPods;
use crate::sessions::Sessions;
use crate::{data, failures, folder, front, lookouts, pulse};

/// Folder of the example workspace, below the data folder.
const EXAMPLE: &str = "example";
/// Folder of the rehearsal clusters, below the data folder.
const REHEARSALS: &str = "rehearsals";

/// The parts, and what is open.
pub struct Desk {
    /// Where everything of this workstation is kept.
    pub folder: PathBuf,
    /// The window's handle, to tell it of changes.
    pub app: AppHandle,
    /// What the person prefers.
    pub preferences: Arc<PreferencesFile>,
    /// The keychain.
    pub vault: Arc<dyn Vault>,
    /// Tells the person through the desktop.
    pub notifier: Arc<DesktopNotifier>,
    /// What clusters said of themselves in this session.
    pub sessions: Sessions,
    /// Pods seen in this session.
    pub seen: SeenPods,
    /// Log lines on their way to the window.
    pub logs: LogStreams,
    /// How often the page had to be opened again.
    pub redraws: Redraws,
    /// How long nobody has touched the window.
    pub idle: Idle,
    /// Whether the window is to be closed while work is under way.
    pub closing: Closing,
    engine: OnceCell<Engine>,
    rehearsals: Arc<tokio::sync::Mutex<Option<Rehearsals>>>,
    seat: Mutex<Seat>,
    work: Mutex<CancellationToken>,
}

impl Desk {
    /// A desk with nothing open yet; the ledger is opened by the first [`Desk::engine`].
    pub fn new(folder: PathBuf, app: AppHandle) -> Self {
        let preferences = Arc::new(PreferencesFile::open(folder.join("preferences.json")));
        let handle = app.clone();
        let on_click = Arc::new(move || front::bring_forward(&handle));
        // Two data folders on one workstation must not see each other's entries.
        let profile = domain::Digest::of(folder.to_string_lossy().as_bytes());
        let profile = profile.as_str().get(..12).unwrap_or_default().to_owned();
        Desk {
            vault: Arc::new(KeychainVault::open(&profile, vault::Options::default())),
            notifier: Arc::new(DesktopNotifier::new(
                app.clone(),
                Arc::clone(&preferences),
                on_click,
            )),
            preferences,
            seat: Mutex::new(Seat::read(&folder)),
            folder,
            app,
            logs: LogStreams::default(),
            redraws: Redraws::default(),
            idle: Idle::default(),
            closing: Closing::default(),
            seen: SeenPods::default(),
            sessions: Sessions::default(),
            engine: OnceCell::new(),
            rehearsals: Arc::default(),
            work: Mutex::default(),
        }
    }

    /// The engine; the first call opens the ledger and reads it. A failure is not kept: mended, the
    /// next call opens it.
    ///
    /// # Errors
    /// When the ledger cannot be opened.
    pub async fn engine(&self) -> Result<&Engine, Failure> {
        self.engine
            .get_or_try_init(|| async {
                let path = self.folder.to_string_lossy();
                folder::make(&self.folder).map_err(|error| {
                    Failure::new(FailureCode::LedgerUnwritable).detail(format!("{path}: {error}"))
                })?;
                if data::finish(&self.folder).await? {
                    self.preferences.read_again();
                    let kept = Seat::read(&self.folder);
                    *self.lock() = kept;
                }
                let ledger = open_ledger(self.folder.clone())
                    .await
                    .map_err(|failure| Failure::from(failure).with("path", path))?;
                let ports = Ports {
                    ledger: Arc::new(ledger),
                    clusters: Arc::new(KubeClusters::new(cluster::Limits::default())),
                    vault: Arc::clone(&self.vault),
                    notifier: Arc::clone(&self.notifier) as Arc<dyn Notifier>,
                    probe: Arc::new(signals::HttpProbes::default()),
                    clock: Arc::new(SystemClock),
                };
                let engine = Engine::start(ports, engine::Limits::default())
                    .await
                    .map_err(failures::of)?;
                pulse::forward_changes(self.app.clone(), &engine);
                pulse::check_identity(self.app.clone(), engine.clone());
                pulse::lock_when_idle(self.app.clone());
                lookouts::keep(self.app.clone(), engine.clone());
                Ok(engine)
            })
            .await
    }

    /// The engine, if it has been opened.
    pub fn opened_engine(&self) -> Option<&Engine> {
        self.engine.get()
    }

    /// What is open now.
    pub fn seat(&self) -> Seat {
        self.lock().clone()
    }

    /// Changes what is open.
    pub fn sit<T>(&self, change: impl FnOnce(&mut Seat) -> T) -> T {
        let mut seat = self.lock();
        let changed = change(&mut seat);
        seat.write(&self.folder);
        changed
    }

    fn lock(&self) -> MutexGuard<'_, Seat> {
        self.seat.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who sits here.
    ///
    /// # Errors
    /// When nobody has said so yet.
    pub fn person(&self) -> Result<PersonId, Failure> {
        self.seat()
            .person
            .ok_or_else(|| Failure::form(contract::Field::Person, contract::Expected::Somebody))
    }

    /// Whose seat it is, for what nobody has to unlock a key for: going back, stopping, pausing, asking.
    /// An empty seat is nobody's.
    pub fn seated(&self) -> PersonId {
        self.seat().person.unwrap_or_else(PersonId::nobody)
    }

    /// Who sits here with an unlocked key: everything that a release goes forward by needs it, signed or
    /// not. What is from the seat ([`Desk::seated`]) does not.
    ///
    /// # Errors
    /// When nobody sits here, when the key is locked (`keyLocked`) or there is none (`noKey`).
    pub async fn signer(&self) -> Result<PersonId, Failure> {
        let person = self.person()?;
        self.lock_if_idle().await;
        let key = self.engine().await?.usable_key(&person).await;
        match key.map_err(failures::of)? {
            Some((_, true)) => Ok(person),
            Some((_, false)) => {
                Err(Failure::new(FailureCode::KeyLocked).with("person", person.as_str()))
            }
            None => Err(Failure::new(FailureCode::NoKey).with("person", person.as_str())),
        }
    }

    /// Locks every key if nobody has been there for as long as the preferences say.
    pub async fn lock_if_idle(&self) {
        let minutes = self.preferences.get().lock_after_minutes;
        if self.idle.is_over(minutes) && self.vault.lock_others(&PersonId::nobody()).await {
            tracing::info!(minutes, "nobody was there: the key is locked");
            pulse::tell_all(&self.app);
        }
    }

    /// The open workspace.
    ///
    /// # Errors
    /// When none is open.
    pub fn workspace(&self) -> Result<Arc<OpenWorkspace>, Failure> {
        self.seat()
            .workspace
            .ok_or_else(|| Failure::new(FailureCode::NoWorkspace))
    }

    /// A token that [`Desk::cancel`] cancels; one for all long-running questions of the window.
    pub fn token(&self) -> CancellationToken {
        self.work
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .child_token()
    }

    /// Cancels the window's long-running questions.
    pub fn cancel(&self) {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *work).cancel();
    }

    /// The newest release under way that has an environment.
    pub fn release_under_way(
        &self,
        engine: &Engine,
        environment: &EnvironmentId,
    ) -> Option<ReleaseId> {
        let mut having = self.releases_in(engine, environment);
        having.find_map(|(id, status)| (status == Status::Running).then_some(id))
    }

    /// The release under way in an environment, else the newest one that ended there.
    pub fn release_shown(&self, engine: &Engine, environment: &EnvironmentId) -> Option<ReleaseId> {
        self.release_under_way(engine, environment).or_else(|| {
            self.releases_in(engine, environment)
                .next()
                .map(|(id, _)| id)
        })
    }

    fn releases_in<'a>(
        &'a self,
        engine: &'a Engine,
        environment: &'a EnvironmentId,
    ) -> impl Iterator<Item = (ReleaseId, Status)> + 'a {
        let all = engine.releases().into_iter();
        all.filter(move |summary| summary.environment(environment).is_some())
            .map(|summary| (summary.id.clone(), summary.status.clone()))
    }

    /// A failure of the engine in an environment, with the cluster that it is about.
    pub fn failure(&self, environment: &EnvironmentId, failure: EngineFailure) -> Failure {
        self.about(environment, failures::of(failure))
    }

    /// A failure with the cluster of an environment, where its sentences name one.
    pub fn about(&self, environment: &EnvironmentId, mut failure: Failure) -> Failure {
        let open = self.seat().workspace;
        let stages = open.iter().flat_map(|open| &open.opened.workspace.stages);
        let mut environments = stages.flat_map(|stage| &stage.environments);
        let cluster = environments
            .find(|e| &e.id == environment)
            .map(|e| e.cluster.clone());
        let register = self.engine.get().map(Engine::register).unwrap_or_default();
        let bound = register.bindings.get(environment);
        let host = bound.map(|bound| contract::views::host_of(&bound.identity.url));
        for (name, value) in [("cluster", cluster), ("host", host)] {
            if let (Some(empty), Some(value)) =
                (failure.params.get_mut(name).filter(|v| v.is_empty()), value)
            {
                *empty = value;
            }
        }
        failure
    }

    /// Where the example is.
    pub fn example(&self) -> PathBuf {
        self.folder.join(EXAMPLE)
    }

    /// Opens a workspace and remembers it.
    ///
    /// # Errors
    /// When its files are wrong, or the ledger cannot be written.
    pub async fn open_workspace(&self, path: &Path) -> Result<(), Failure> {
        let engine = self.engine().await?;
        let folder = path.to_owned();
        let read = tokio::task::spawn_blocking(move || workspace::read(&folder));
        let opened = read
            .await
            .map_err(failures::defect)?
            .map_err(failures::of_workspace)?;
        let digest = opened.digest.clone();
        let path_text = path.to_string_lossy().into_owned();
        let remembered = engine.register().workspace.as_deref() == Some(path_text.as_str());
        let example = path == self.example();
        self.sit(|seat| {
            seat.workspace = Some(Arc::new(OpenWorkspace {
                path: path.to_owned(),
                opened,
                example,
            }));
            seat.environment = None;
        });
        if !remembered {
            let event = RegisterEvent::WorkspaceOpened {
                path: path_text,
                digest,
            };
            engine
                .note(self.seat().person.as_ref(), event)
                .await
                .map_err(failures::of)?;
        }
        Ok(())
    }

    /// Starts the rehearsal clusters unless they run, puts their contexts into the keychain, and
    /// binds the example's environments to them.
    ///
    /// # Errors
    /// When the keychain refuses, or a cluster does not start.
    pub async fn start_rehearsals(&self) -> Result<(), Failure> {
        let held = Arc::clone(&self.rehearsals).lock_owned().await;
        self.start_held(held).await
    }

    /// The same in the background, so that a start of the program says at once how things stand.
    /// Whoever needs the clusters waits with [`Desk::rehearsals_ready`].
    pub async fn start_rehearsals_behind(&self) {
        let held = Arc::clone(&self.rehearsals).lock_owned().await;
        let app = self.app.clone();
        tauri::async_runtime::spawn(async move {
            let desk = app.state::<Desk>();
            if let Err(failure) = desk.start_held(held).await {
                tracing::error!(?failure, "the rehearsal clusters did not start");
            }
            pulse::tell_all(&app);
        });
    }

    /// Waits while the rehearsal clusters are being started.
    pub async fn rehearsals_ready(&self) {
        drop(self.rehearsals.lock().await);
    }

    async fn start_held(
        &self,
        mut running: OwnedMutexGuard<Option<Rehearsals>>,
    ) -> Result<(), Failure> {
        let engine = self.engine().await?;
        if running.is_some() {
            return Ok(());
        }
        self.vault.ready().await?;
        let started = Rehearsals::start(&self.folder.join(REHEARSALS))
            .await
            .map_err(failures::defect)?;
        let names: Vec<String> = Rehearsals::clusters().map(str::to_owned).collect();
        let contexts = cluster::kubeconfig::import(&started.kubeconfig(), None, &names, false);
        for context in contexts.map_err(failures::of_kubeconfig)? {
            let name = context.name.clone();
            let known = self
                .vault
                .contexts()
                .await?
                .iter()
                .any(|head| head.name == name);
            self.vault.store(context).await?;
            if !known {
                let event = RegisterEvent::ContextImported { context: name };
                engine.note(None, event).await.map_err(failures::of)?;
            }
        }
        for (environment, context) in Rehearsals::environments() {
            bind_rehearsal(engine, &environment.into(), context).await?;
        }
        *running = Some(started);
        Ok(())
    }
}

/// Boxed, because the compiler cannot see through the database library's future from a command.
fn open_ledger(folder: PathBuf) -> BoxFuture<'static, Result<SqliteLedger, LedgerFailure>> {
    Box::pin(async move { SqliteLedger::open(&folder).await })
}

async fn bind_rehearsal(
    engine: &Engine,
    environment: &EnvironmentId,
    context: &str,
) -> Result<(), Failure> {
    let probe = engine
        .probe(environment, context)
        .await
        .map_err(failures::of)?;
    let register = engine.register();
    if !register.is_rehearsal(&probe.identity) {
        let event = RegisterEvent::RehearsalStarted {
            cluster: context.to_owned(),
            identity: probe.identity.clone(),
        };
        engine.note(None, event).await.map_err(failures::of)?;
    }
    let bound = register.bindings.get(environment);
    // Someone may have bound the environment elsewhere; that is theirs to keep.
    let ours =
        bound.is_none_or(|bound| bound.context == context && bound.identity != probe.identity);
    if ours {
        engine
            .bind(None, environment, context, &probe.identity)
            .await
            .map_err(failures::of)?;
    }
    Ok(())
}
