//! The example workspace that ships with the program: three modules of a platform, five
//! environments, one change that nobody declared.

use std::fs;
use std::io;
use std::path::Path;

use include_dir::{Dir, DirEntry, include_dir};

static EXAMPLE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../example");

/// What marks the example as complete; written last.
const MARK: &str = "pilothouse.yaml";

/// What is on the clusters before the release; not part of the workspace.
const BEFORE: &str = "before";

/// What an English reader gets instead of the texts that a workspace has once and not in each
/// language: names of people, short names, the form of the first release. Each occurs once.
const IN_ENGLISH: [(&str, &str); 13] = [
    ("short: 苏州", "short: Suzhou"),
    ("short: 北京", "short: Beijing"),
    ("name: 张三", "name: Zhang San"),
    ("name: 李四", "name: Li Si"),
    ("name: 王五", "name: Wang Wu"),
    ("name: 赵六", "name: Zhao Liu"),
    ("title: 26Q3-05 迭代上线", "title: Iteration 26Q3-05"),
    (
        "background: 第三季度第五个迭代：executor 回收空闲实例更快，router 复用上游连接，agent 对日志采样。",
        "background: Fifth iteration of the third quarter. The executor recycles idle instances sooner, the router reuses upstream connections, the agent samples its logs.",
    ),
    ("title: 操作文档", "title: Operations guide"),
    ("title: 测试报告", "title: Test report"),
    (
        "text: executor 空闲实例 60 秒后回收",
        "text: The executor recycles idle instances after 60 seconds",
    ),
    (
        "text: router 复用上游连接",
        "text: The router reuses upstream connections",
    ),
    ("text: agent 日志采样", "text: The agent samples its logs"),
];

/// The language of texts that a workspace has only once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Simplified Chinese.
    ZhCn,
    /// English.
    En,
}

/// Writes the example in Chinese; see [`write_in`].
pub fn write_to(folder: &Path) -> io::Result<()> {
    write_in(folder, Language::ZhCn)
}

/// Writes the example into a folder, unless it is there already. A file that exists is never
/// touched: from then on the folder is the user's.
pub fn write_in(folder: &Path, language: Language) -> io::Result<()> {
    if folder.join(MARK).exists() {
        return Ok(());
    }
    write_below(&EXAMPLE, folder)?;
    match EXAMPLE.get_file(MARK).and_then(|file| file.contents_utf8()) {
        Some(text) => write_file(folder, MARK, in_language(text, language).as_bytes()),
        None => Ok(()),
    }
}

fn in_language(text: &str, language: Language) -> String {
    let mut text = text.to_owned();
    if language == Language::En {
        for (chinese, english) in IN_ENGLISH {
            text = text.replacen(chinese, english, 1);
        }
    }
    text
}

/// What is on an environment's cluster before the release: its namespace and the objects of the old
/// versions, as multi-document YAML. None for an environment that the example does not have.
pub fn before(environment: &str) -> Option<&'static str> {
    EXAMPLE
        .get_file(format!("{BEFORE}/{environment}.yaml"))?
        .contents_utf8()
}

/// Custom resource definitions that the example's objects need, as YAML.
pub fn definitions() -> Option<&'static str> {
    EXAMPLE
        .get_file(format!("{BEFORE}/definitions.yaml"))?
        .contents_utf8()
}

fn write_below(dir: &Dir<'static>, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder.join(dir.path()))?;
    for entry in dir.entries() {
        match entry {
            DirEntry::Dir(inner) if inner.path() == Path::new(BEFORE) => {}
            DirEntry::Dir(inner) => write_below(inner, folder)?,
            DirEntry::File(file) if file.path() == Path::new(MARK) => {}
            DirEntry::File(file) => {
                write_file(folder, &file.path().to_string_lossy(), file.contents())?
            }
        }
    }
    Ok(())
}

/// Whole or not at all, so that a crash leaves no half file that later counts as the user's.
fn write_file(folder: &Path, path: &str, contents: &[u8]) -> io::Result<()> {
    let target = folder.join(path);
    if target.exists() {
        return Ok(());
    }
    let mut unfinished = target.clone().into_os_string();
    unfinished.push(".part");
    fs::write(&unfinished, contents)?;
    fs::rename(&unfinished, &target)
}
