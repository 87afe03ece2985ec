mod page;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{
    ClusterIdentity, Command, EnvironmentId, Event, Facts, IdentityCheck, PersonId, Refusal,
    Register, RegisterEvent, Release, ReleaseId, decide,
};
use tokio::sync::watch;

use self::page::Page;

use crate::changes::{Changes, Topic};
use crate::failpoint::FailPoints;
use crate::ports::{Clock, Entry, Ledger, LedgerFailure, NewEntry, Record, Stream};
use crate::summary::{MeasuredRollback, Summary};
use crate::{EngineFailure, FailPoint, naming};

/// How many releases that have ended keep their entries in memory, those that were looked at last.
const AWAKE: usize = 4;

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
    /// Releases that have ended and whose entries are in memory, the one looked at last in front.
    awake: Mutex<VecDeque<ReleaseId>>,
    /// Rollbacks of all releases that came to a healthy end, in the order in which they were learned.
    measured: Mutex<Arc<Vec<MeasuredRollback>>>,
}

/// One release's stream.
struct Cell {
    /// Held from decision to append: within the process nobody gets in between.
    pen: tokio::sync::Mutex<()>,
    page: Mutex<Page>,
    moved: watch::Sender<u64>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Book {
    /// Reads the streams of releases that go on. Of one that has ended the ledger keeps a summary; where it
    /// has none for the stream's end, the stream is read once more.
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
            awake: Mutex::default(),
            measured: Mutex::default(),
        };
        book.catch_up_register().await?;
        for mut end in book.ledger.ends().await? {
            let id = end.release.clone();
            let cell = book.cell(&id);
            let kept = end.summary.take().and_then(|text| Summary::read(&text));
            match kept.filter(|summary| summary.id == id && summary.rests) {
                Some(summary) => {
                    book.learn(&summary.measured);
                    *lock(&cell.page) = Page::asleep(end, summary);
                }
                None => {
                    book.catch_up(&id, &cell).await?;
                    book.summarize(&id, &cell).await;
                    lock(&cell.page).sleep();
                }
            }
        }
        Ok(Arc::new(book))
    }

    /// Looks at a release's page, with its entries. Those of one that has ended may have to be read.
    fn look<T>(
        &self,
        id: &ReleaseId,
        cell: &Cell,
        look: impl FnOnce(&Page) -> T,
    ) -> Result<T, LedgerFailure> {
        let mut page = lock(&cell.page);
        if page.sleeps() {
            let entries = self.ledger.read_here(&Stream::Release(id.clone()))?;
            page.wake(id, entries);
        }
        let seen = look(&page);
        let rests = page.rests();
        drop(page);
        if rests {
            self.keep_awake(id);
        }
        Ok(seen)
    }

    /// The release that was looked at longest ago may sleep. Whoever has a snapshot of it keeps that.
    fn keep_awake(&self, id: &ReleaseId) {
        let mut awake = lock(&self.awake);
        awake.retain(|other| other != id);
        awake.push_front(id.clone());
        if awake.len() > AWAKE
            && let Some(longest_ago) = awake.pop_back()
        {
            let cell = self.cell(&longest_ago);
            // Somebody who writes to it has read where it ends.
            if cell.pen.try_lock().is_ok() {
                lock(&cell.page).sleep();
            }
        }
    }

    fn learn(&self, measured: &[MeasuredRollback]) {
        if !measured.is_empty() {
            let mut all = lock(&self.measured);
            Arc::make_mut(&mut all).extend_from_slice(measured);
        }
    }

    /// Lets the ledger keep the summary of a release that rests. The next start does without it, too.
    async fn summarize(&self, id: &ReleaseId, cell: &Cell) {
        let Some(end) = lock(&cell.page).end() else {
            return;
        };
        if let Err(failure) = self.ledger.summarize(end).await {
            tracing::warn!(release = %id, %failure, "the summary of a release could not be kept");
        }
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

    /// All releases.
    pub(crate) fn summaries(&self) -> Vec<Arc<Summary>> {
        let releases = lock(&self.releases);
        releases
            .values()
            .filter_map(|cell| lock(&cell.page).summary().cloned())
            .collect()
    }

    /// Releases that are under way, or of which something goes on.
    pub(crate) fn releases_going_on(&self) -> Vec<Arc<Release>> {
        let releases = lock(&self.releases);
        let going_on = |cell: &Arc<Cell>| {
            let page = lock(&cell.page);
            let release = page.release().ok().flatten().cloned();
            release.filter(|_| !page.rests())
        };
        releases.values().filter_map(going_on).collect()
    }

    /// Rollbacks of all releases that came to a healthy end.
    pub(crate) fn measured(&self) -> Arc<Vec<MeasuredRollback>> {
        Arc::clone(&lock(&self.measured))
    }

    pub(crate) fn snapshot(&self, id: &ReleaseId) -> Result<Snapshot, EngineFailure> {
        let unknown = || EngineFailure::ReleaseUnknown(id.clone());
        let cell = lock(&self.releases).get(id).cloned().ok_or_else(unknown)?;
        self.look(id, &cell, Page::snapshot)??.ok_or_else(unknown)
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
                page: Mutex::new(Page::empty()),
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
    ) -> Result<Vec<Event>, EngineFailure> {
        let cell = self.cell(id);
        let release = self.look(id, &cell, |page| page.release().map(|found| found.cloned()))??;
        let register = self.register();
        let facts = Facts {
            now: self.clock.now(),
            actor,
            register: &register,
        };
        Ok(decide(release.as_deref(), command, facts)?)
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
                Err(failure) => {
                    if let EngineFailure::Refused(refusal) = &failure {
                        self.note_refusal(id, &cell, actor, command, refusal).await;
                    }
                    return Err(failure);
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
        self.summarize(id, cell).await;
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
        let measured = page.fold(id, entries);
        let (position, rests) = (page.position, page.rests());
        drop(page);
        self.learn(&measured);
        if rests {
            self.keep_awake(id);
        }
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
            match &entry.record {
                Record::Register(event) => register.0.evolve(event, entry.at),
                other => {
                    tracing::error!(
                        position = entry.position,
                        ?other,
                        "an entry of the register cannot be decoded; it is left out"
                    );
                }
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
