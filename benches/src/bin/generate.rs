//! Writes the generated inputs to a folder, for comparisons of whole programs: `generate FOLDER [MEGABYTES]`.

use std::path::Path;
use std::{env, fs};

use benches::{events, flood, packing, rules};

/// Ten tries for each user and each address: 740 MB.
const FLOOD_EVENTS: usize = 1_000_000;

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
    let mut trail = events::ndjson(1, megabytes << 20);
    burst(&mut trail);
    fs::write(folder.join("trail.ndjson"), trail)?;
    let failures = flood::ndjson(3, flood::LARGE, FLOOD_EVENTS);
    fs::write(folder.join("flood.ndjson"), failures)?;
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

/// Lines of a hundred seconds, in which one address is denied more often than the correlation `denied` allows.
const BURST_LINES: usize = 4_000;

/// Gives the denied calls at the beginning to one address, written with as many bytes as the others may have.
fn burst(trail: &mut [u8]) {
    const KEY: &[u8] = b"\"sourceIPAddress\":\"";
    for line in trail
        .split_mut(|byte| *byte == b'\n')
        .take(BURST_LINES)
        .filter(|line| contains(line, b"\"AccessDenied\""))
    {
        let begin = line.windows(KEY.len()).position(|window| window == KEY);
        let address = &mut line[begin.map_or(0, |at| at + KEY.len())..];
        if address.iter().position(|byte| *byte == b'"') == Some(LAST) {
            address[..LAST].copy_from_slice(BURST_ADDRESS);
        }
    }
}

const BURST_ADDRESS: &[u8] = b"198.51.100.250";
const LAST: usize = BURST_ADDRESS.len();

fn contains(line: &[u8], text: &[u8]) -> bool {
    line.windows(text.len()).any(|window| window == text)
}
