//! `worlds`: makes worlds and attacks, and says what the rules make of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::ensure;
use clap::{Parser, Subcommand};
use worlds::attacks;
use worlds::folder::{self, Made};
use worlds::judge::report::Told;
use worlds::judge::{Quiet, engine, trials};

/// Made-up traffic of a fleet service at any size, attacks united onto it, and what the rules make of both.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a world: recordings that `replay run` reads, and the causes of what is odd and honest in them.
    Make {
        #[arg(long, default_value_t = 200)]
        users: u64,
        #[arg(long, default_value_t = 6)]
        weeks: u32,
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// A new folder.
        folder: PathBuf,
    },
    /// Write all attacks on a world, into `attacks/` in its folder: a recording each, and what they did.
    Attacks {
        /// The world's folder.
        folder: PathBuf,
    },
    /// Say what the rules make of a world: alerts a day, by rule and cause; with --attacks also which attacks they find.
    Judge {
        #[arg(long, default_value = "rules/")]
        rules: PathBuf,
        #[arg(long)]
        attacks: bool,
        /// Only attacks whose name has this in it.
        #[arg(long, default_value = "", requires = "attacks")]
        only: String,
        #[arg(long, default_value_t = 2)]
        threads: usize,
        /// Fail where there are more alerts a day of medium level and above than this.
        #[arg(long)]
        alerts_max: Option<f64>,
        /// Fail where fewer attacks are found than this.
        #[arg(long, requires = "attacks")]
        found_min: Option<usize>,
        /// Also as JSON, into this file.
        #[arg(long)]
        json: Option<PathBuf>,
        /// The world's folder.
        folder: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "what a person waits for")]
fn say(text: &str) {
    eprintln!("{text}");
}

#[expect(clippy::print_stdout, reason = "the report")]
fn print(text: &str) {
    println!("{text}");
}

fn run(command: Command) -> anyhow::Result<()> {
    let began = Instant::now();
    let took = |what: &str| say(&format!("{what}: {:.1} s", began.elapsed().as_secs_f64()));
    match command {
        Command::Make {
            users,
            weeks,
            seed,
            folder,
        } => {
            let lines = folder::make(Made { users, weeks, seed }, &folder)?;
            took(&format!("{lines} lines"));
        }
        Command::Attacks { folder } => {
            write_attacks(&folder)?;
            took("attacks");
        }
        Command::Judge {
            rules,
            attacks,
            only,
            threads,
            alerts_max,
            found_min,
            json,
            folder,
        } => {
            let engine = engine(&rules)?;
            let quiet = Quiet::read(&engine, &folder, threads)?;
            took("the world");
            let wanted: Vec<_> = match attacks {
                true => attacks::all()
                    .into_iter()
                    .filter(|attack| attack.name.contains(&only))
                    .collect(),
                false => Vec::new(),
            };
            let told = Told::of(&quiet, trials(&quiet, &wanted, threads)?);
            took("attacks");
            if let Some(path) = json {
                fs::write(path, serde_json::to_string_pretty(&told)?)?;
            }
            print(&told.text());
            let found = told.found();
            ensure!(
                alerts_max.is_none_or(|max| told.per_day <= max),
                "{:.2} alerts a day, and --alerts-max says {alerts_max:?}",
                told.per_day
            );
            ensure!(
                found_min.is_none_or(|min| found >= min),
                "{found} attacks found, and --found-min says {found_min:?}"
            );
        }
    }
    Ok(())
}

fn write_attacks(folder: &Path) -> anyhow::Result<()> {
    let world = Made::read(folder)?.world();
    let out = folder.join("attacks");
    fs::create_dir_all(&out)?;
    let mut records = Vec::new();
    for attack in attacks::all() {
        let (lines, record, _) = attack.launch(&world);
        if record.is_visible {
            folder::write_recording(&out.join(format!("{}.ndjson.gz", record.name)), &lines)?;
        }
        records.push(record);
    }
    folder::write_lines(&out.join("attacks.ndjson"), &records)
}
