use std::sync::Arc;

use domain::Digest;
use engine::ports::{Entry, LedgerFailure, NewEntry, Record, Stream, StreamEnd};
use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::Limits;
use crate::chain::Link;
use crate::failure::of_sql;
use crate::folder::Folder;
use crate::row::{Row, json, summary_digest};

/// The only one who writes. A caller's future may be dropped at any time; the work is done here to
/// its end, because a dropped commit may still commit.
#[derive(Debug)]
pub(crate) struct Writer {
    work: mpsc::Sender<Work>,
    task: JoinHandle<()>,
}

enum Work {
    Append {
        stream: Stream,
        expected: u64,
        entries: Vec<NewEntry>,
        answer: oneshot::Sender<Answer<Vec<Entry>>>,
    },
    Keep {
        bytes: Vec<u8>,
        answer: oneshot::Sender<Answer<Digest>>,
    },
    Summarize {
        end: StreamEnd,
        answer: oneshot::Sender<Answer<()>>,
    },
}

type Answer<T> = Result<T, LedgerFailure>;

impl Writer {
    /// Starts the task. It holds the folder until its last commit is done, and calls `moved` after
    /// every commit with the newest link.
    pub(crate) fn start(
        connection: SqliteConnection,
        folder: Folder,
        limits: Limits,
        moved: impl Fn(Link) + Send + Sync + 'static,
    ) -> Writer {
        let (work, waiting) = mpsc::channel(limits.waiting);
        Writer {
            work,
            task: tokio::spawn(write(connection, Arc::new(folder), waiting, moved)),
        }
    }

    pub(crate) async fn append(
        &self,
        stream: &Stream,
        expected: u64,
        entries: Vec<NewEntry>,
    ) -> Answer<Vec<Entry>> {
        let (answer, result) = oneshot::channel();
        self.ask(
            Work::Append {
                stream: stream.clone(),
                expected,
                entries,
                answer,
            },
            result,
        )
        .await
    }

    pub(crate) async fn keep(&self, bytes: &[u8]) -> Answer<Digest> {
        let (answer, result) = oneshot::channel();
        self.ask(
            Work::Keep {
                bytes: bytes.to_owned(),
                answer,
            },
            result,
        )
        .await
    }

    pub(crate) async fn summarize(&self, end: StreamEnd) -> Answer<()> {
        let (answer, result) = oneshot::channel();
        self.ask(Work::Summarize { end, answer }, result).await
    }

    async fn ask<T>(&self, work: Work, result: oneshot::Receiver<Answer<T>>) -> Answer<T> {
        let ended = || LedgerFailure::Other("the ledger's writer has ended".to_owned());
        self.work.send(work).await.map_err(|_| ended())?;
        result.await.map_err(|_| ended())?
    }

    /// Lets it finish what it has, close the file and let go of the folder.
    pub(crate) async fn close(self) {
        drop(self.work);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the ledger's writer ended badly");
        }
    }
}

async fn write(
    mut connection: SqliteConnection,
    folder: Arc<Folder>,
    mut waiting: mpsc::Receiver<Work>,
    moved: impl Fn(Link) + Send + Sync,
) {
    while let Some(work) = waiting.recv().await {
        // Whoever asked may be gone; then nobody hears the answer, and the work is done all the same.
        match work {
            Work::Append {
                stream,
                expected,
                entries,
                answer,
            } => {
                let result = append(&mut connection, &stream, expected, &entries).await;
                if let Some(newest) = result.as_ref().ok().and_then(|entries| entries.last()) {
                    moved(Link {
                        sequence: newest.sequence,
                        hash: newest.hash.clone(),
                    });
                }
                let _ = answer.send(result);
            }
            Work::Keep { bytes, answer } => {
                let _ = answer.send(keep(&mut connection, &bytes).await);
            }
            Work::Summarize { end, answer } => {
                let _ = answer.send(summarize(&mut connection, &end).await);
            }
        }
    }
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "the ledger did not close well; the next start recovers it");
    }
    drop(folder);
}

async fn append(
    connection: &mut SqliteConnection,
    stream: &Stream,
    expected: u64,
    entries: &[NewEntry],
) -> Answer<Vec<Entry>> {
    if let Some(stray) = entries.iter().find(|entry| !belongs(&entry.record, stream)) {
        return Err(LedgerFailure::Other(format!(
            "{:?} does not belong into {stream:?}",
            stray.record
        )));
    }
    // Not sqlx's transaction: when a commit fails, SQLite has often rolled back by itself, sqlx goes on
    // counting it as open (0.9.0), and the connection can begin no other one for good.
    let result = append_all(connection, stream, expected, entries).await;
    if result.is_err()
        && let Err(error) = run(connection, "ROLLBACK").await
    {
        tracing::debug!(%error, "there was nothing left to roll back");
    }
    result
}

async fn run(connection: &mut SqliteConnection, statement: &'static str) -> Answer<()> {
    sqlx::query(statement)
        .execute(connection)
        .await
        .map_err(of_sql)?;
    Ok(())
}

/// All of them in one transaction. A failure may leave it open.
async fn append_all(
    connection: &mut SqliteConnection,
    stream: &Stream,
    expected: u64,
    entries: &[NewEntry],
) -> Answer<Vec<Entry>> {
    let (found, mut link) = begin(connection, stream).await?;
    if found != expected {
        return Err(LedgerFailure::Moved { expected, found });
    }
    let mut written = Vec::with_capacity(entries.len());
    if entries.is_empty() {
        run(connection, "COMMIT").await?;
    }
    for (position, entry) in (found + 1..).zip(entries) {
        let row = Row::following(link, stream, position, entry)?;
        link = Link {
            sequence: row.sequence,
            hash: row.hash.clone(),
        };
        let read_back = row.clone().entry();
        // A record that would come back as another one (NaN, a map with odd keys) is a defect; it
        // must not get into the only memory there is.
        if read_back.record != entry.record {
            return Err(LedgerFailure::Other(format!(
                "{:?} cannot be read back as it is",
                entry.record
            )));
        }
        written.push(read_back);
        insert(connection, &row, written.len() == entries.len()).await?;
    }
    Ok(written)
}

fn belongs(record: &Record, stream: &Stream) -> bool {
    matches!(
        (record, stream),
        (Record::Release(_), Stream::Release(_)) | (Record::Register(_), Stream::Register)
    )
}

/// Begins a transaction: where the stream and the ledger end. In one go, for every statement is a way to
/// sqlx's thread and back, which takes longer than the reading itself.
async fn begin(connection: &mut SqliteConnection, stream: &Stream) -> Answer<(u64, Link)> {
    let (found, newest, hash): (i64, Option<i64>, Option<String>) = sqlx::query_as(
        "BEGIN IMMEDIATE;
         SELECT (SELECT coalesce(max(position), 0) FROM entries WHERE stream = ?1), sequence, hash
         FROM (SELECT max(sequence) AS newest FROM entries) LEFT JOIN entries ON sequence = newest",
    )
    .bind(json(stream)?)
    .fetch_one(connection)
    .await
    .map_err(of_sql)?;
    let link = match (newest, hash) {
        (Some(sequence), Some(hash)) => Link {
            sequence: u64::try_from(sequence).unwrap_or(0),
            hash,
        },
        _ => Link::default(),
    };
    Ok((u64::try_from(found).unwrap_or(0), link))
}

const INSERT_AND_COMMIT: &str = "INSERT INTO entries
     (sequence, at, stream, position, actor, environment, verb, record, previous, hash)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10); COMMIT";

/// Inserts an entry; the last one takes the commit along, again to spare a way to sqlx's thread.
async fn insert(connection: &mut SqliteConnection, row: &Row, is_last: bool) -> Answer<()> {
    sqlx::query(if is_last {
        INSERT_AND_COMMIT
    } else {
        INSERT_AND_COMMIT.trim_end_matches("; COMMIT")
    })
    .bind(i64::try_from(row.sequence).unwrap_or(i64::MAX))
    .bind(&row.at)
    .bind(&row.stream)
    .bind(i64::try_from(row.position).unwrap_or(i64::MAX))
    .bind(&row.actor)
    .bind(&row.environment)
    .bind(&row.verb)
    .bind(&row.record)
    .bind(&row.previous)
    .bind(&row.hash)
    .execute(connection)
    .await
    .map_err(of_sql)?;
    Ok(())
}

async fn keep(connection: &mut SqliteConnection, bytes: &[u8]) -> Answer<Digest> {
    let digest = Digest::of(bytes);
    let kept: Option<Vec<u8>> = sqlx::query_scalar("SELECT bytes FROM blobs WHERE digest = ?1")
        .bind(digest.as_str())
        .fetch_optional(&mut *connection)
        .await
        .map_err(of_sql)?;
    match kept {
        Some(kept) if kept == bytes => return Ok(digest),
        Some(_) => {
            return Err(LedgerFailure::Damaged(format!(
                "blob {digest} does not match its digest"
            )));
        }
        None => {}
    }
    sqlx::query("INSERT INTO blobs (digest, bytes) VALUES (?1, ?2)")
        .bind(digest.as_str())
        .bind(bytes)
        .execute(connection)
        .await
        .map_err(of_sql)?;
    Ok(digest)
}

/// Derived from the entries, and therefore the one thing here that is replaced.
async fn summarize(connection: &mut SqliteConnection, end: &StreamEnd) -> Answer<()> {
    let Some(body) = &end.summary else {
        return Ok(());
    };
    sqlx::query(
        "INSERT OR REPLACE INTO summaries (stream, position, hash, body, digest)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )
    .bind(json(&Stream::Release(end.release.clone()))?)
    .bind(i64::try_from(end.position).unwrap_or(i64::MAX))
    .bind(&end.hash)
    .bind(body)
    .bind(summary_digest(&end.hash, body))
    .execute(connection)
    .await
    .map_err(of_sql)?;
    Ok(())
}
