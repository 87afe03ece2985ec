use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::{Digest, ReleaseId};
use engine::ports::{
    ChainReport, Entry, Exported, Format, Found, Ledger, LedgerFailure, NewEntry, Search, Stream,
    StreamEnd,
};
use rusqlite::Connection;
use tokio::sync::watch;

use crate::chain::Link;
use crate::folder::Folder;
use crate::readers::Readers;
use crate::verify::{Depth, verify};
use crate::writer::Writer;
use crate::{Limits, backup, export, open, read, search};

/// The ledger in `ledger.sqlite` of a data folder. One process at a time holds the folder.
#[derive(Debug)]
pub struct SqliteLedger {
    limits: Limits,
    readers: Readers,
    writer: Writer,
    chain: Arc<Mutex<ChainReport>>,
    newest: watch::Receiver<u64>,
}

impl SqliteLedger {
    /// Opens the ledger of a folder, or makes it, and verifies its chain; a broken chain opens too,
    /// and [`Ledger::chain`] says where it broke. Fails with `InUse`, `Newer`, `Damaged` or
    /// `Unwritable`.
    pub async fn open(folder: &Path) -> Result<SqliteLedger, LedgerFailure> {
        SqliteLedger::open_within(folder, Limits::default()).await
    }

    /// The same within other bounds.
    pub async fn open_within(folder: &Path, limits: Limits) -> Result<SqliteLedger, LedgerFailure> {
        let folder = Folder::hold(folder, limits).await?;
        let file = folder.database();
        let connection = open::writer(&file, limits).await?;
        let readers = Readers::open(file, limits).await?;
        let walk = |ledger: &mut Connection| verify(ledger, Depth::Chain);
        let report = readers.read(walk).await?;
        if let Some(sequence) = report.broken_at {
            tracing::error!(sequence, "the ledger's chain is broken");
        }
        let (moves, newest) = watch::channel(report.entries);
        let chain = Arc::new(Mutex::new(report));
        let known = Arc::clone(&chain);
        let writer = Writer::start(connection, folder, limits, move |link: Link| {
            let mut chain = known.lock().unwrap_or_else(PoisonError::into_inner);
            // What this process has linked itself needs no walk to be known as linked.
            if chain.broken_at.is_none() && chain.verified == chain.entries {
                chain.verified = link.sequence;
            }
            chain.entries = link.sequence;
            chain.head = Some(link.hash);
            moves.send_replace(link.sequence);
        });
        Ok(SqliteLedger {
            limits,
            readers,
            writer,
            chain,
            newest,
        })
    }

    /// Finishes what is being written, closes the file and lets go of the folder. Without it the
    /// same happens a moment after the drop, as long as the runtime lives.
    pub async fn close(self) {
        // The writer closes last: only a connection that writes can fold the WAL back in.
        self.readers.close().await;
        self.writer.close().await;
    }
}

#[async_trait]
impl Ledger for SqliteLedger {
    async fn append(
        &self,
        stream: &Stream,
        expected: u64,
        entries: Vec<NewEntry>,
    ) -> Result<Vec<Entry>, LedgerFailure> {
        self.writer.append(stream, expected, entries).await
    }

    async fn read(&self, stream: &Stream, after: u64) -> Result<Vec<Entry>, LedgerFailure> {
        let stream = stream.clone();
        let read = move |ledger: &mut Connection| read::stream(ledger, &stream, after);
        self.readers.read(read).await
    }

    fn read_here(&self, stream: &Stream) -> Result<Vec<Entry>, LedgerFailure> {
        self.readers
            .read_here(|ledger| read::stream(ledger, stream, 0))
    }

    async fn ends(&self) -> Result<Vec<StreamEnd>, LedgerFailure> {
        self.readers.read(|ledger| read::ends(ledger)).await
    }

    async fn summarize(&self, end: StreamEnd) -> Result<(), LedgerFailure> {
        self.writer.summarize(end).await
    }

    async fn newest(&self, verb: &str, limit: u32) -> Result<Vec<Entry>, LedgerFailure> {
        let (verb, limit) = (verb.to_owned(), limit.min(self.limits.page));
        let read = move |ledger: &mut Connection| read::newest(ledger, &verb, limit);
        self.readers.read(read).await
    }

    async fn releases(&self) -> Result<Vec<ReleaseId>, LedgerFailure> {
        self.readers.read(|ledger| read::releases(ledger)).await
    }

    async fn entry(&self, sequence: u64) -> Result<Entry, LedgerFailure> {
        let read = move |ledger: &mut Connection| read::entry(ledger, sequence);
        self.readers.read(read).await
    }

    async fn page(&self, search: &Search) -> Result<Found, LedgerFailure> {
        let (search, most) = (search.clone(), self.limits.page);
        let read = move |ledger: &mut Connection| search::page(ledger, &search, most);
        self.readers.read(read).await
    }

    async fn keep(&self, bytes: &[u8]) -> Result<Digest, LedgerFailure> {
        self.writer.keep(bytes).await
    }

    async fn kept(&self, digest: &Digest) -> Result<Vec<u8>, LedgerFailure> {
        let digest = digest.clone();
        let read = move |ledger: &mut Connection| read::kept(ledger, &digest);
        self.readers.read(read).await
    }

    async fn verify(&self) -> Result<ChainReport, LedgerFailure> {
        let walk = |ledger: &mut Connection| verify(ledger, Depth::All);
        let report = self.readers.read(walk).await?;
        let mut chain = self.chain.lock().unwrap_or_else(PoisonError::into_inner);
        // Entries may have been appended since the walk began.
        let ahead = (chain.entries > report.entries).then(|| (chain.entries, chain.head.clone()));
        *chain = report.clone();
        if let Some((entries, head)) = ahead {
            chain.entries = entries;
            chain.head = head;
        }
        Ok(report)
    }

    fn chain(&self) -> ChainReport {
        self.chain
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn export(&self, format: Format, path: &Path) -> Result<Exported, LedgerFailure> {
        let path = path.to_owned();
        let write = move |ledger: &mut Connection| export::export(ledger, format, &path);
        self.readers.read(write).await
    }

    async fn backup(&self, path: &Path) -> Result<Exported, LedgerFailure> {
        let path = path.to_owned();
        let write = move |ledger: &mut Connection| backup::backup(ledger, &path);
        self.readers.read(write).await
    }

    fn moves(&self) -> watch::Receiver<u64> {
        self.newest.clone()
    }
}
