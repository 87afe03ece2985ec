/// How much a workspace may hold. A workspace is hostile until it has been read: these bounds keep
/// a folder picked by mistake, or a crafted file, from taking the program's memory or time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file; an object of Kubernetes cannot be larger than about 1.5 MiB either.
    pub file_bytes: u64,
    /// Files in all.
    pub files: usize,
    /// Bytes of all files together.
    pub total_bytes: u64,
    /// How deep YAML may be nested.
    pub depth: usize,
    /// Documents of one file.
    pub documents: usize,
    /// Aliases (`*name`) of one file.
    pub aliases: usize,
    /// Nodes that the aliases of one file may stand for.
    pub replayed: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            file_bytes: 1024 * 1024,
            files: 5_000,
            total_bytes: 64 * 1024 * 1024,
            depth: 48,
            documents: 256,
            aliases: 256,
            replayed: 20_000,
        }
    }
}
