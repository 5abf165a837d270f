//! The first bytes of a source go in, what packs it comes out.

use std::fmt;
use std::io::{self, Read};

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use encoding_rs_io::DecodeReaderBytesBuilder;

use crate::input::whole::GZIP_MAGIC;

/// As many as tell every form apart: a tar archive says what it is late.
pub(crate) const HEAD_BYTES: usize = 264;

/// What a source is by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Plain,
    Packed(Packing),
    /// Nothing that is read here.
    Foreign(&'static str),
}

/// What packs a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    None,
    Gzip,
    Zstd,
    Bzip2,
    /// As PowerShell writes what it redirects.
    Utf16(&'static Encoding),
}

impl fmt::Display for Packing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Packing::None => "plain",
            Packing::Gzip => "gzip",
            Packing::Zstd => "zstd",
            Packing::Bzip2 => "bzip2",
            Packing::Utf16(_) => "UTF-16",
        })
    }
}

const ZSTD_MAGIC: &[u8] = b"\x28\xb5\x2f\xfd";
const TAR_MAGIC: (usize, &[u8]) = (257, b"ustar");

/// How forms begin that hold log entries, or are mistaken for logs, and are not read.
const FOREIGN: [(&[u8], &str); 14] = [
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "a zip archive"),
    (b"PAR1", "Parquet"),
    (b"ORC", "ORC"),
    (b"Obj\x01", "Avro"),
    (b"\xfd7zXZ", "xz data"),
    (b"\x04\x22\x4d\x18", "lz4 data"),
    (b"\xff\x06\x00\x00sNaPpY", "snappy data"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"ElfFile\0", "a Windows event log"),
    (b"SQLite format 3", "an SQLite database"),
    (b"%PDF-", "PDF"),
    (b"\x89PNG", "an image"),
    (b"\x7fELF", "a program"),
];

impl Form {
    pub(crate) fn of(head: &[u8]) -> Self {
        let is_tar = head
            .get(TAR_MAGIC.0..)
            .is_some_and(|rest| rest.starts_with(TAR_MAGIC.1));
        if is_tar {
            return Form::Foreign("a tar archive");
        }
        if let Some((_, name)) = FOREIGN.iter().find(|(magic, _)| head.starts_with(magic)) {
            return Form::Foreign(name);
        }
        match head {
            [a, b, ..] if [*a, *b] == GZIP_MAGIC => Form::Packed(Packing::Gzip),
            _ if head.starts_with(ZSTD_MAGIC) => Form::Packed(Packing::Zstd),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] if head[4..].starts_with(&BZIP2_BLOCK) => {
                Form::Packed(Packing::Bzip2)
            }
            // With a byte order mark, or without one before a letter of JSON.
            [0xff, 0xfe, ..] | [b'{' | b'[' | b'"', 0, ..] => {
                Form::Packed(Packing::Utf16(UTF_16LE))
            }
            [0xfe, 0xff, ..] | [0, b'{' | b'[' | b'"', ..] => {
                Form::Packed(Packing::Utf16(UTF_16BE))
            }
            _ => Form::Plain,
        }
    }
}

/// How the first block of bzip2 data begins, or its end where there is none.
const BZIP2_BLOCK: [u8; 2] = [0x31, 0x41];

impl Packing {
    /// What `source` holds; gzip is the reader's own.
    ///
    /// # Errors
    /// No memory for what undoes it.
    pub(crate) fn undone<'t>(
        self,
        source: Box<dyn Read + Send + 't>,
    ) -> io::Result<Box<dyn Read + Send + 't>> {
        Ok(match self {
            Packing::None | Packing::Gzip => source,
            Packing::Zstd => Box::new(zstd::Decoder::new(source)?),
            Packing::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(source)),
            Packing::Utf16(encoding) => Box::new(
                DecodeReaderBytesBuilder::new()
                    .encoding(Some(encoding))
                    .build(source),
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_tell_what_it_is() {
        let mut tar = vec![b'a'; HEAD_BYTES];
        tar[257..262].copy_from_slice(b"ustar");
        for (head, form) in [
            (&b""[..], Form::Plain),
            (b"{\"a\":1}", Form::Plain),
            (b"BZhappy", Form::Plain),
            (b"\xef\xbb\xbf{", Form::Plain),
            (b"\x1f\x8b\x08", Form::Packed(Packing::Gzip)),
            (b"BZh91AY&SY", Form::Packed(Packing::Bzip2)),
            (b"\xff\xfe{\0", Form::Packed(Packing::Utf16(UTF_16LE))),
            (b"\0[\0{", Form::Packed(Packing::Utf16(UTF_16BE))),
            (b"PK\x03\x04\x14", Form::Foreign("a zip archive")),
            (&tar, Form::Foreign("a tar archive")),
        ] {
            assert_eq!(Form::of(head), form, "{head:?}");
        }
    }
}
