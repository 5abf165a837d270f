//! Writes the generated inputs to a folder, for comparisons of whole programs: `generate FOLDER [MEGABYTES]`.

use std::path::Path;
use std::{env, fs};

use benches::{events, packing, rules};

fn main() -> std::io::Result<()> {
    let folder = env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let megabytes: usize = env::args()
        .nth(2)
        .and_then(|text| text.parse().ok())
        .unwrap_or(120);
    let folder = Path::new(&folder);
    for number in [4, 60, 600, 3_000] {
        let rules_folder = folder.join(format!("rules-{number}"));
        fs::create_dir_all(&rules_folder)?;
        for file in rules::files(number) {
            fs::write(rules_folder.join(file.path), file.text)?;
        }
    }
    fs::write(
        folder.join("trail.ndjson"),
        events::ndjson(1, megabytes << 20),
    )?;
    let records = events::records(1, megabytes * 820);
    fs::create_dir_all(folder.join("gzip"))?;
    for (at, some) in records.chunks(5_000).enumerate() {
        let file = packing::gzip(&packing::cloudtrail_file(some));
        fs::write(
            folder.join("gzip").join(format!("trail-{at:04}.json.gz")),
            file,
        )?;
    }
    Ok(())
}
