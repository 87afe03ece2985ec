use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{
    ClusterIdentity, Command, EnvironmentId, Event, Facts, IdentityCheck, PersonId, Refusal,
    Register, RegisterEvent, Release, ReleaseId, decide, evolve,
};
use tokio::sync::watch;

use crate::changes::{Changes, Topic};
use crate::failpoint::FailPoints;
use crate::ports::{Clock, Entry, Ledger, LedgerFailure, NewEntry, Record, Stream};
use crate::{EngineFailure, FailPoint, naming};

/// A release at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// What its events make of it.
    pub release: Arc<Release>,
    /// How many entries its stream has.
    pub position: u64,
    /// Its entries, newest last.
    pub entries: Arc<Vec<Entry>>,
}

/// What the ledger says, folded. The only place that decides and appends.
pub(crate) struct Book {
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
    changes: Arc<Changes>,
    fail_points: Arc<FailPoints>,
    tries: u32,
    register: Mutex<(Register, u64)>,
    register_pen: tokio::sync::Mutex<()>,
    releases: Mutex<BTreeMap<ReleaseId, Arc<Cell>>>,
}

/// One release's stream.
struct Cell {
    /// Held from decision to append: within the process nobody gets in between.
    pen: tokio::sync::Mutex<()>,
    page: Mutex<Page>,
    moved: watch::Sender<u64>,
}

#[derive(Default)]
struct Page {
    /// None as long as the stream holds nothing but refusals.
    release: Option<Arc<Release>>,
    position: u64,
    entries: Arc<Vec<Entry>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Book {
    /// Reads all streams.
    pub(crate) async fn open(
        ledger: Arc<dyn Ledger>,
        clock: Arc<dyn Clock>,
        changes: Arc<Changes>,
        fail_points: Arc<FailPoints>,
        tries: u32,
    ) -> Result<Arc<Book>, LedgerFailure> {
        let book = Book {
            ledger,
            clock,
            changes,
            fail_points,
            tries,
            register: Mutex::default(),
            register_pen: tokio::sync::Mutex::default(),
            releases: Mutex::default(),
        };
        book.catch_up_register().await?;
        for id in book.ledger.releases().await? {
            let cell = book.cell(&id);
            book.catch_up(&id, &cell).await?;
        }
        Ok(Arc::new(book))
    }

    pub(crate) fn register(&self) -> Register {
        lock(&self.register).0.clone()
    }

    /// Notes the newest check of an identity; it belongs to this session, not to the ledger.
    pub(crate) fn note_check(&self, environment: &EnvironmentId, check: IdentityCheck) {
        let mut register = lock(&self.register);
        register.0.checks.insert(environment.clone(), check);
        self.changes.tell(Topic::Banner);
    }

    /// Forgets it: the binding it was about is gone.
    pub(crate) fn forget_check(&self, environment: &EnvironmentId) {
        lock(&self.register).0.checks.remove(environment);
    }

    pub(crate) fn releases(&self) -> Vec<Arc<Release>> {
        let cells: Vec<_> = lock(&self.releases).values().cloned().collect();
        cells
            .iter()
            .filter_map(|cell| lock(&cell.page).release.clone())
            .collect()
    }

    pub(crate) fn snapshot(&self, id: &ReleaseId) -> Result<Snapshot, EngineFailure> {
        let unknown = || EngineFailure::ReleaseUnknown(id.clone());
        let cell = lock(&self.releases).get(id).cloned().ok_or_else(unknown)?;
        let page = lock(&cell.page);
        Ok(Snapshot {
            release: page.release.clone().ok_or_else(unknown)?,
            position: page.position,
            entries: Arc::clone(&page.entries),
        })
    }

    /// Moves whenever the release does.
    pub(crate) fn moves(&self, id: &ReleaseId) -> watch::Receiver<u64> {
        self.cell(id).moved.subscribe()
    }

    fn cell(&self, id: &ReleaseId) -> Arc<Cell> {
        let mut releases = lock(&self.releases);
        let new = || {
            Arc::new(Cell {
                pen: tokio::sync::Mutex::default(),
                page: Mutex::default(),
                moved: watch::channel(0).0,
            })
        };
        Arc::clone(releases.entry(id.clone()).or_insert_with(new))
    }

    /// What would be decided now, without writing anything.
    pub(crate) fn ask(
        &self,
        id: &ReleaseId,
        actor: Option<&PersonId>,
        command: &Command,
    ) -> Result<Vec<Event>, Refusal> {
        let release = lock(&self.cell(id).page).release.clone();
        let register = self.register();
        let facts = Facts {
            now: self.clock.now(),
            actor,
            register: &register,
        };
        decide(release.as_deref(), command, facts)
    }

    /// Decides a command and appends its events; durable when it returns. Goes on to its end even
    /// when the caller is gone, so that the book never lags behind the ledger.
    pub(crate) async fn commit(
        self: &Arc<Self>,
        id: &ReleaseId,
        actor: Option<&PersonId>,
        command: Command,
    ) -> Result<(), EngineFailure> {
        let actor = actor.filter(|actor| !actor.is_nobody()).cloned();
        let (book, id) = (Arc::clone(self), id.clone());
        let writing = async move { book.write(&id, actor.as_ref(), &command).await };
        tokio::spawn(writing)
            .await
            .map_err(|e| EngineFailure::BrokenOff(e.to_string()))?
    }

    async fn write(
        &self,
        id: &ReleaseId,
        actor: Option<&PersonId>,
        command: &Command,
    ) -> Result<(), EngineFailure> {
        let cell = self.cell(id);
        let _pen = cell.pen.lock().await;
        let mut tries = 0;
        loop {
            let events = match self.ask(id, actor, command) {
                Ok(events) => events,
                Err(refusal) => {
                    self.note_refusal(id, &cell, actor, command, &refusal).await;
                    return Err(refusal.into());
                }
            };
            match self.append(id, &cell, actor, events).await {
                Err(EngineFailure::Ledger(LedgerFailure::Moved { .. })) if tries < self.tries => {
                    tries += 1;
                    self.catch_up(id, &cell).await?;
                }
                done => return done,
            }
        }
    }

    async fn append(
        &self,
        id: &ReleaseId,
        cell: &Cell,
        actor: Option<&PersonId>,
        events: Vec<Event>,
    ) -> Result<(), EngineFailure> {
        if events.is_empty() {
            return Ok(());
        }
        let entry = |event| NewEntry {
            at: self.clock.now(),
            actor: actor.cloned(),
            record: Record::Release(event),
        };
        let expected = lock(&cell.page).position;
        let entries = events.into_iter().map(entry).collect();
        let stream = Stream::Release(id.clone());
        let entries = self.commit_entries(&stream, expected, entries).await?;
        self.fold(id, cell, entries);
        Ok(())
    }

    async fn commit_entries(
        &self,
        stream: &Stream,
        expected: u64,
        entries: Vec<NewEntry>,
    ) -> Result<Vec<Entry>, EngineFailure> {
        self.fail_points.at(FailPoint::BeforeCommit)?;
        let entries = self.ledger.append(stream, expected, entries).await?;
        self.fail_points.at(FailPoint::AfterCommit)?;
        Ok(entries)
    }

    /// Attempts that someone should know of stay on record, though they changed nothing.
    async fn note_refusal(
        &self,
        id: &ReleaseId,
        cell: &Cell,
        actor: Option<&PersonId>,
        command: &Command,
        refusal: &Refusal,
    ) {
        let telling = matches!(
            refusal,
            Refusal::WrongClusterName { .. }
                | Refusal::VerifierIsOperator
                | Refusal::IdentityMismatch
        );
        if !telling {
            return;
        }
        let event = Event::Refused {
            environment: naming::environment(command).cloned(),
            command: naming::command(command).to_owned(),
            refusal: refusal.clone(),
        };
        // The refusal stands whether or not it can be written down.
        if let Err(failure) = self.append(id, cell, actor, vec![event]).await {
            tracing::warn!(release = %id, %failure, "a refusal could not be written down");
        }
    }

    async fn catch_up(&self, id: &ReleaseId, cell: &Cell) -> Result<(), LedgerFailure> {
        let after = lock(&cell.page).position;
        let stream = Stream::Release(id.clone());
        let entries = self.ledger.read(&stream, after).await?;
        self.fold(id, cell, entries);
        Ok(())
    }

    fn fold(&self, id: &ReleaseId, cell: &Cell, entries: Vec<Entry>) {
        let mut page = lock(&cell.page);
        let mut release = page.release.take().map(Arc::unwrap_or_clone);
        for entry in entries {
            if entry.position != page.position + 1 {
                continue;
            }
            page.position = entry.position;
            if let Record::Release(event) = &entry.record {
                evolve(&mut release, event, entry.at, entry.actor.as_ref());
            }
            Arc::make_mut(&mut page.entries).push(entry);
        }
        page.release = release.map(Arc::new);
        let position = page.position;
        drop(page);
        cell.moved.send_replace(position);
        self.changes.tell(Topic::Release(id.clone()));
        self.changes.tell(Topic::Banner);
    }

    /// Appends to the register; durable when it returns.
    pub(crate) async fn note(
        self: &Arc<Self>,
        actor: Option<&PersonId>,
        event: RegisterEvent,
    ) -> Result<(), EngineFailure> {
        self.decide_register(actor, move |_| Ok(vec![event.clone()]))
            .await
    }

    /// Appends to the register what is decided from how it stands; durable when it returns.
    pub(crate) async fn decide_register(
        self: &Arc<Self>,
        actor: Option<&PersonId>,
        decide: impl Fn(&Register) -> Result<Vec<RegisterEvent>, Refusal> + Send + Sync + 'static,
    ) -> Result<(), EngineFailure> {
        let (book, actor) = (Arc::clone(self), actor.cloned());
        let writing = async move { book.write_register(actor, &decide).await };
        tokio::spawn(writing)
            .await
            .map_err(|e| EngineFailure::BrokenOff(e.to_string()))?
    }

    async fn write_register(
        &self,
        actor: Option<PersonId>,
        decide: &(impl Fn(&Register) -> Result<Vec<RegisterEvent>, Refusal> + Send + Sync),
    ) -> Result<(), EngineFailure> {
        let _pen = self.register_pen.lock().await;
        let mut tries = 0;
        loop {
            let (register, expected) = lock(&self.register).clone();
            let entry = |event| NewEntry {
                at: self.clock.now(),
                actor: actor.clone(),
                record: Record::Register(event),
            };
            let entries: Vec<_> = decide(&register)?.into_iter().map(entry).collect();
            if entries.is_empty() {
                return Ok(());
            }
            match self
                .commit_entries(&Stream::Register, expected, entries)
                .await
            {
                Ok(entries) => {
                    self.fold_register(&entries);
                    return Ok(());
                }
                Err(EngineFailure::Ledger(LedgerFailure::Moved { .. })) if tries < self.tries => {
                    tries += 1;
                    self.catch_up_register().await?;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    async fn catch_up_register(&self) -> Result<(), LedgerFailure> {
        let after = lock(&self.register).1;
        let entries = self.ledger.read(&Stream::Register, after).await?;
        self.fold_register(&entries);
        Ok(())
    }

    fn fold_register(&self, entries: &[Entry]) {
        let mut register = lock(&self.register);
        for entry in entries {
            if entry.position != register.1 + 1 {
                continue;
            }
            register.1 = entry.position;
            if let Record::Register(event) = &entry.record {
                register.0.evolve(event, entry.at);
            }
        }
        drop(register);
        self.changes.tell(Topic::Register);
        self.changes.tell(Topic::Banner);
    }
}

impl Snapshot {
    /// The cluster that this release last wrote to in an environment: the identity that was
    /// verified last before the write.
    pub(crate) fn written_to(&self, environment: &EnvironmentId) -> Option<ClusterIdentity> {
        let mut verified = None;
        let mut written = None;
        for entry in self.entries.iter() {
            match &entry.record {
                Record::Release(Event::IdentityVerified {
                    environment: of,
                    identity,
                }) if of == environment => verified = Some(identity),
                Record::Release(Event::MutationIntended {
                    environment: of, ..
                }) if of == environment => written = verified,
                _ => {}
            }
        }
        written.cloned()
    }
}
