//! A layer between SQLite and the system's files (a VFS over SQLite's own): it can refuse, and it
//! remembers every write and every sync, so that a power cut can be made at any moment afterwards.
//!
//! SQLite's documented way to test this is a VFS of one's own (sqlite.org/vfs.html, "test_vfs.c");
//! no kept crate has one that fails or forgets. It is C, so that there is no way around `unsafe`.
//! It becomes the default of this test program and lets everything through that is not in the
//! folder under test.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use libsqlite3_sys::{
    SQLITE_FULL, SQLITE_IOERR_FSYNC, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_WRITE, SQLITE_OK,
    sqlite3_file, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs, sqlite3_vfs_find,
    sqlite3_vfs_register,
};

/// What happened to the files under test, in order.
#[derive(Clone, Debug)]
pub enum Op {
    /// Bytes were written.
    Write {
        file: usize,
        at: usize,
        bytes: Vec<u8>,
    },
    /// The file was cut to a length.
    Truncate { file: usize, length: usize },
    /// Everything before is on the disk.
    Sync { file: usize },
    /// The file was removed.
    Remove { file: usize },
    /// The test program was promised so many entries.
    Promised(u64),
}

/// What fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no room.
    Full,
    /// The disk gives errors.
    Broken,
}

/// What a file system lacks. Each with what SQLite makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// Locks on files.
    Locks(c_int),
    /// Memory that the processes share in which the log is kept in order.
    SharedMemory(c_int),
}

#[derive(Default)]
struct Disk {
    folder: Option<PathBuf>,
    names: Vec<String>,
    ops: Vec<Op>,
    /// Which call fails, from 1, how many from there on, and how.
    fault: Option<(u64, u64, Fault)>,
    calls: u64,
    struck: u64,
    lack: Option<Lack>,
}

static DISK: Mutex<Option<Disk>> = Mutex::new(None);

fn disk() -> MutexGuard<'static, Option<Disk>> {
    DISK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One folder under test at a time.
pub struct Watched(());

impl Watched {
    /// Begins to watch a folder.
    pub fn folder(folder: &Path) -> Watched {
        register();
        let mut disk = disk();
        assert!(disk.is_none(), "one at a time");
        *disk = Some(Disk {
            folder: Some(folder.to_owned()),
            ..Disk::default()
        });
        Watched(())
    }

    /// The `nth` call from now on that changes something, and `times` from there on, fail.
    pub fn fail(&self, nth: u64, times: u64, fault: Fault) {
        let mut disk = disk();
        let disk = disk.as_mut().expect("a disk");
        (disk.calls, disk.struck) = (0, 0);
        disk.fault = Some((nth, times, fault));
    }

    /// The folder is on such a file system from now on, or on a good one again.
    pub fn lacks(&self, lack: Option<Lack>) {
        disk().as_mut().expect("a disk").lack = lack;
    }

    /// Nothing fails any more; how many calls failed.
    pub fn mend(&self) -> u64 {
        let mut disk = disk();
        let disk = disk.as_mut().expect("a disk");
        disk.fault = None;
        disk.struck
    }

    /// How many calls that change something there were since the last [`Watched::fail`].
    pub fn calls(&self) -> u64 {
        disk().as_ref().expect("a disk").calls
    }

    /// Notes that so many entries were promised by now.
    pub fn promised(&self, entries: u64) {
        disk()
            .as_mut()
            .expect("a disk")
            .ops
            .push(Op::Promised(entries));
    }

    /// Everything that happened, and the names of the files.
    pub fn log(&self) -> (Vec<Op>, Vec<String>) {
        let disk = disk();
        let disk = disk.as_ref().expect("a disk");
        (disk.ops.clone(), disk.names.clone())
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        *disk() = None;
    }
}

/// A file as SQLite sees it; the real one follows in memory.
#[repr(C)]
struct ShimFile {
    base: sqlite3_file,
    /// Its number, or none when it is not under test.
    number: Option<usize>,
}

/// SQLite's own VFS.
struct Real(*mut sqlite3_vfs);
// SAFETY: SQLite's VFS objects live forever and may be used by every thread.
unsafe impl Send for Real {}
// SAFETY: as above.
unsafe impl Sync for Real {}

static REAL: OnceLock<Real> = OnceLock::new();

fn real_vfs() -> *mut sqlite3_vfs {
    REAL.get().expect("registered").0
}

fn register() {
    REAL.get_or_init(|| {
        // SAFETY: a null name asks for the default VFS, which there always is; the copy is
        // never freed, as SQLite demands, and keeps every function that is not replaced.
        unsafe {
            let real = sqlite3_vfs_find(ptr::null());
            assert!(!real.is_null());
            let mut shim = *real;
            let file = size_of::<ShimFile>() as c_int;
            shim.szOsFile = file + (*real).szOsFile;
            shim.pNext = ptr::null_mut();
            shim.zName = c"pilothouse-shim".as_ptr();
            shim.xOpen = Some(open);
            shim.xDelete = Some(delete);
            let done = sqlite3_vfs_register(Box::leak(Box::new(shim)), 1);
            assert_eq!(done, SQLITE_OK);
            Real(real)
        }
    });
}

/// The number of a file under test; a new one for a new name.
unsafe fn number(name: *const c_char) -> Option<usize> {
    if name.is_null() {
        return None;
    }
    // SAFETY: SQLite passes a string that ends with a zero.
    let path = PathBuf::from(unsafe { CStr::from_ptr(name) }.to_string_lossy().as_ref());
    let mut disk = disk();
    let disk = disk.as_mut()?;
    if !path.starts_with(disk.folder.as_ref()?) {
        return None;
    }
    let name = path.file_name()?.to_string_lossy().into_owned();
    let known = disk.names.iter().position(|known| known == &name);
    Some(known.unwrap_or_else(|| {
        disk.names.push(name);
        disk.names.len() - 1
    }))
}

/// Counts a call that changes something; whether it fails, and how.
fn fails(number: Option<usize>) -> Option<Fault> {
    number?;
    let mut disk = disk();
    let disk = disk.as_mut()?;
    disk.calls += 1;
    let (nth, times, fault) = disk.fault?;
    let strikes = (nth..nth.saturating_add(times)).contains(&disk.calls);
    disk.struck += u64::from(strikes);
    strikes.then_some(fault)
}

/// What the file system of a file lacks.
fn lack(number: Option<usize>) -> Option<Lack> {
    number?;
    disk().as_ref()?.lack
}

fn note(op: Op) {
    if let Some(disk) = disk().as_mut() {
        disk.ops.push(op);
    }
}

unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives szOsFile bytes, enough for both files, and a name that lives as long as
    // the file; the real VFS is asked with its own pointer because it keeps data behind it.
    unsafe {
        let shim = file.cast::<ShimFile>();
        (*shim).base.pMethods = ptr::null();
        let open = (*real_vfs()).xOpen.expect("a VFS can open");
        let done = open(real_vfs(), name, real(file), flags, out);
        if done == SQLITE_OK {
            ptr::addr_of_mut!((*shim).number).write(number(name));
            (*shim).base.pMethods = &METHODS;
        }
        done
    }
}

unsafe extern "C" fn delete(_: *mut sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    // SAFETY: passed on as it came.
    unsafe {
        let number = number(name);
        let delete = (*real_vfs()).xDelete.expect("a VFS can delete");
        let done = delete(real_vfs(), name, sync);
        if let (Some(file), SQLITE_OK) = (number, done) {
            note(Op::Remove { file });
        }
        done
    }
}

/// The real file behind ours.
unsafe fn real(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: `open` was given room for both.
    unsafe { file.cast::<u8>().add(size_of::<ShimFile>()).cast() }
}

unsafe fn number_of(file: *mut sqlite3_file) -> Option<usize> {
    // SAFETY: only files that `open` has made come here.
    unsafe { (*file.cast::<ShimFile>()).number }
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    bytes: *const c_void,
    length: c_int,
    at: sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite passes `length` readable bytes.
    unsafe {
        let number = number_of(file);
        match fails(number) {
            Some(Fault::Full) => return SQLITE_FULL,
            Some(Fault::Broken) => return SQLITE_IOERR_WRITE,
            None => {}
        }
        let write = (*(*real(file)).pMethods)
            .xWrite
            .expect("a file can be written");
        let done = write(real(file), bytes, length, at);
        if let (Some(file), SQLITE_OK) = (number, done) {
            let bytes = std::slice::from_raw_parts(bytes.cast::<u8>(), length as usize).to_vec();
            let at = at as usize;
            note(Op::Write { file, at, bytes });
        }
        done
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, length: sqlite3_int64) -> c_int {
    // SAFETY: passed on as it came.
    unsafe {
        let number = number_of(file);
        if fails(number) == Some(Fault::Broken) {
            return SQLITE_IOERR_TRUNCATE;
        }
        let truncate = (*(*real(file)).pMethods)
            .xTruncate
            .expect("a file can be cut");
        let done = truncate(real(file), length);
        if let (Some(file), SQLITE_OK) = (number, done) {
            let length = length as usize;
            note(Op::Truncate { file, length });
        }
        done
    }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: passed on as it came.
    unsafe {
        let number = number_of(file);
        if fails(number).is_some() {
            return SQLITE_IOERR_FSYNC;
        }
        let sync = (*(*real(file)).pMethods)
            .xSync
            .expect("a file can be synced");
        let done = sync(real(file), flags);
        if let (Some(file), SQLITE_OK) = (number, done) {
            note(Op::Sync { file });
        }
        done
    }
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, kind: c_int) -> c_int {
    // SAFETY: passed on as it came.
    unsafe {
        if let Some(Lack::Locks(code)) = lack(number_of(file)) {
            return code;
        }
        let lock = (*(*real(file)).pMethods)
            .xLock
            .expect("a file can be locked");
        lock(real(file), kind)
    }
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    region: c_int,
    size: c_int,
    extend: c_int,
    at: *mut *mut c_void,
) -> c_int {
    // SAFETY: passed on as it came.
    unsafe {
        if let Some(Lack::SharedMemory(code)) = lack(number_of(file)) {
            return code;
        }
        let map = (*(*real(file)).pMethods).xShmMap.expect("memory is shared");
        map(real(file), region, size, extend, at)
    }
}

/// Functions that are passed on to the real file as they come.
macro_rules! passed_on {
    ($($ours:ident = $theirs:ident ( $($argument:ident: $kind:ty),* ) -> $result:ty;)*) => {$(
        unsafe extern "C" fn $ours(file: *mut sqlite3_file, $($argument: $kind),*) -> $result {
            // SAFETY: passed on as it came, to the methods that go with the real file.
            unsafe {
                let real = real(file);
                (*(*real).pMethods).$theirs.expect("SQLite's own VFS has all methods")(real, $($argument),*)
            }
        }
    )*};
}

passed_on! {
    close = xClose() -> c_int;
    read = xRead(into: *mut c_void, length: c_int, at: sqlite3_int64) -> c_int;
    file_size = xFileSize(size: *mut sqlite3_int64) -> c_int;
    unlock = xUnlock(kind: c_int) -> c_int;
    check_reserved = xCheckReservedLock(result: *mut c_int) -> c_int;
    file_control = xFileControl(what: c_int, argument: *mut c_void) -> c_int;
    sector_size = xSectorSize() -> c_int;
    characteristics = xDeviceCharacteristics() -> c_int;
    shm_lock = xShmLock(offset: c_int, count: c_int, flags: c_int) -> c_int;
    shm_barrier = xShmBarrier() -> ();
    shm_unmap = xShmUnmap(delete: c_int) -> c_int;
    fetch = xFetch(at: sqlite3_int64, length: c_int, page: *mut *mut c_void) -> c_int;
    unfetch = xUnfetch(at: sqlite3_int64, page: *mut c_void) -> c_int;
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 3,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: Some(fetch),
    xUnfetch: Some(unfetch),
};
