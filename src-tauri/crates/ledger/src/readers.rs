use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use engine::ports::LedgerFailure;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use crate::Limits;
use crate::failure::of_read;

/// The connections that read. They cannot write even by mistake.
///
/// They are not sqlx's, as the writer is: its rows come one by one through a channel from another
/// thread, and a walk over all entries spent half of its time on that.
#[derive(Clone, Debug)]
pub(crate) struct Readers {
    file: Arc<Path>,
    busy: Duration,
    most: u32,
    seats: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    /// Opens the first of them; the others follow when they are needed.
    pub(crate) async fn open(file: PathBuf, limits: Limits) -> Result<Readers, LedgerFailure> {
        let readers = Readers {
            file: file.into(),
            busy: limits.busy,
            most: limits.readers,
            seats: Arc::new(Semaphore::new(limits.readers as usize)),
            idle: Arc::default(),
        };
        readers.read(|_| Ok(())).await?;
        Ok(readers)
    }

    /// Reads on a thread that may wait for the disk. The work goes on to its end even when the caller
    /// is gone.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, LedgerFailure> + Send + 'static,
    ) -> Result<T, LedgerFailure> {
        let ended = |what: &str| LedgerFailure::Other(format!("a reading of the ledger: {what}"));
        let seats = Arc::clone(&self.seats);
        let seat = seats
            .acquire_owned()
            .await
            .map_err(|_| ended("it is closed"))?;
        let readers = self.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let _seat = seat;
            let idle = readers.idle().pop();
            let mut connection = idle.map_or_else(|| readers.connect(), Ok)?;
            let result = work(&mut connection);
            readers.idle().push(connection);
            result
        });
        reading.await.map_err(|broken| ended(&broken.to_string()))?
    }

    /// Reads on the caller's thread, on a connection besides those that are counted.
    pub(crate) fn read_here<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, LedgerFailure>,
    ) -> Result<T, LedgerFailure> {
        if self.seats.is_closed() {
            return Err(LedgerFailure::Other("the ledger is closed".to_owned()));
        }
        let idle = self.idle().pop();
        let mut connection = idle.map_or_else(|| self.connect(), Ok)?;
        let result = work(&mut connection);
        let mut idle = self.idle();
        if idle.len() < self.most as usize && !self.seats.is_closed() {
            idle.push(connection);
        }
        result
    }

    /// Waits for what is being read and closes all of them.
    pub(crate) async fn close(self) {
        // Closed by itself only, so that this waits for the seats and for nothing else.
        if let Ok(_all) = self.seats.acquire_many(self.most).await {
            self.seats.close();
        }
        self.idle().clear();
    }

    fn connect(&self) -> Result<Connection, LedgerFailure> {
        let connect = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(&self.file, flags)?;
            connection.busy_timeout(self.busy)?;
            connection.pragma_update(None, "query_only", true)?;
            Ok(connection)
        };
        connect().map_err(of_read)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
