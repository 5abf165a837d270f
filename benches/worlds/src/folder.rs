//! Worlds and attacks as files, written and read.
//!
//! | file | |
//! |---|---|
//! | `world.json` | the arguments |
//! | `traffic/2026-06-01.ndjson.gz` | lines by the day of their arrival, in the order of their arrival |
//! | `causes.ndjson` | what is odd and honest in it |

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use anyhow::{Context, ensure};
use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::cause::Cause;
use crate::lines::Line;
use crate::moment::day;
use crate::people::World;
use crate::stream::Stream;

/// The arguments of a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Made {
    pub users: u64,
    pub weeks: u32,
    pub seed: u64,
}

impl Made {
    pub fn world(self) -> World {
        World::new(self.users, self.weeks, self.seed)
    }

    /// # Errors
    /// The folder has no `world.json` that can be read.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("world.json");
        let text = fs::read_to_string(&path).with_context(|| {
            format!(
                "no world in `{}`: make one with `worlds make`",
                folder.display()
            )
        })?;
        serde_json::from_str(&text).with_context(|| format!("`{}`", path.display()))
    }
}

/// Hours of lines that may wait to be packed.
const WAITING_HOURS: usize = 1;

/// Writes a world. Returns how many lines it has.
///
/// # Errors
/// The folder is there already and has something in it, or cannot be written.
pub fn make(made: Made, folder: &Path) -> anyhow::Result<u64> {
    let is_empty = fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
    ensure!(
        is_empty,
        "`{}` is not empty: give a new folder",
        folder.display()
    );
    fs::create_dir_all(folder.join("traffic"))?;
    let world = made.world();
    let mut stream = Stream::new(&world);
    let (sender, receiver) = mpsc::sync_channel::<(i64, Vec<Line>)>(WAITING_HOURS);
    let packed = thread::scope(|scope| {
        let packer = scope.spawn(move || pack(folder, &receiver));
        for hour in stream.by_ref() {
            // A packer that is gone has an error to tell.
            if sender.send(hour).is_err() {
                break;
            }
        }
        drop(sender);
        packer
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the packer panicked")))
    });
    let lines = packed.with_context(|| format!("cannot write to `{}`", folder.display()))?;
    write_lines(&folder.join("causes.ndjson"), &stream.causes)?;
    // Last, so that a folder that has it is whole.
    fs::write(
        folder.join("world.json"),
        serde_json::to_string(&made)? + "\n",
    )?;
    Ok(lines)
}

fn pack(folder: &Path, hours: &mpsc::Receiver<(i64, Vec<Line>)>) -> io::Result<u64> {
    let mut file: Option<(String, GzEncoder<BufWriter<File>>)> = None;
    let mut count = 0;
    for (hour, lines) in hours {
        let today = day(hour);
        if file.as_ref().is_none_or(|(of, _)| *of != today) {
            if let Some((_, done)) = file.take() {
                done.finish()?.flush()?;
            }
            let path = folder.join("traffic").join(format!("{today}.ndjson.gz"));
            file = Some((today, gzip(&path)?));
        }
        let Some((_, out)) = &mut file else { continue };
        for line in &lines {
            out.write_all(line.text.as_bytes())?;
            out.write_all(b"\n")?;
        }
        count += lines.len() as u64;
    }
    if let Some((_, done)) = file {
        done.finish()?.flush()?;
    }
    Ok(count)
}

fn gzip(path: &Path) -> io::Result<GzEncoder<BufWriter<File>>> {
    Ok(GzEncoder::new(
        BufWriter::new(File::create(path)?),
        Compression::fast(),
    ))
}

/// Writes one recording, in the order of arrival.
///
/// # Errors
/// It cannot be written.
pub fn write_recording(path: &Path, lines: &[Line]) -> anyhow::Result<()> {
    let mut out = gzip(path)?;
    for line in lines {
        writeln!(out, "{}", line.text)?;
    }
    out.finish()?.flush()?;
    Ok(())
}

/// Writes a JSON object a line.
///
/// # Errors
/// It cannot be written.
pub fn write_lines<T: serde::Serialize>(path: &Path, all: &[T]) -> anyhow::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for one in all {
        serde_json::to_writer(&mut out, one)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(())
}

/// Reads a JSON object a line.
///
/// # Errors
/// It cannot be read, or is something else.
pub fn read_lines<T: serde::de::DeserializeOwned>(path: &Path) -> anyhow::Result<Vec<T>> {
    let file = File::open(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let lines = BufReader::new(file).lines();
    lines
        .map(|line| Ok(serde_json::from_str(&line?)?))
        .collect()
}

/// # Errors
/// There is no such world.
pub fn causes(folder: &Path) -> anyhow::Result<Vec<Cause>> {
    read_lines(&folder.join("causes.ndjson"))
}

/// The days of a world, in their order.
///
/// # Errors
/// There is no such world.
pub fn days(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let folder = folder.join("traffic");
    let entries =
        fs::read_dir(&folder).with_context(|| format!("cannot read `{}`", folder.display()))?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

const BLOCK: usize = 1 << 20;

/// Gives the whole lines of a packed recording, a block at a time.
///
/// # Errors
/// It cannot be read, or ends within a line.
pub fn blocks(path: &Path, give: &mut dyn FnMut(&[u8])) -> anyhow::Result<()> {
    let file = File::open(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let mut plain = MultiGzDecoder::new(BufReader::with_capacity(BLOCK, file));
    let mut block = Vec::with_capacity(2 * BLOCK);
    loop {
        let read = plain.by_ref().take(BLOCK as u64).read_to_end(&mut block)?;
        let end = block
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        if end > 0 {
            give(&block[..end]);
            block.drain(..end);
        }
        if read == 0 {
            break;
        }
    }
    ensure!(block.is_empty(), "`{}` ends within a line", path.display());
    Ok(())
}
