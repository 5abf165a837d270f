//! Stand-in for the splitter, to be dropped at merge: one record a line.

#[derive(Debug)]
pub enum Piece<'a> {
    Record {
        offset: u64,
        line: u64,
        bytes: &'a [u8],
    },
    TooLarge {
        offset: u64,
        line: u64,
    },
}

#[derive(Debug)]
pub struct Splitter {
    record_bytes_max: usize,
    held: Vec<u8>,
    /// Where the line that is being read began.
    offset: u64,
    line: u64,
    length: u64,
}

impl Splitter {
    pub fn new(record_bytes_max: usize) -> Self {
        Self {
            record_bytes_max,
            held: Vec::new(),
            offset: 0,
            line: 1,
            length: 0,
        }
    }

    pub fn push(&mut self, chunk: &[u8], out: &mut dyn FnMut(Piece<'_>)) {
        let mut rest = chunk;
        while let Some(end) = rest.iter().position(|&b| b == b'\n') {
            self.take(&rest[..end]);
            self.emit(out);
            self.offset += self.length + 1;
            self.line += 1;
            self.length = 0;
            rest = &rest[end + 1..];
        }
        self.take(rest);
    }

    pub fn finish(&mut self, out: &mut dyn FnMut(Piece<'_>)) {
        self.emit(out);
    }

    fn take(&mut self, part: &[u8]) {
        self.length += part.len() as u64;
        if self.length <= self.record_bytes_max as u64 {
            self.held.extend_from_slice(part);
        }
    }

    fn emit(&mut self, out: &mut dyn FnMut(Piece<'_>)) {
        let (offset, line) = (self.offset, self.line);
        if self.length > self.record_bytes_max as u64 {
            out(Piece::TooLarge { offset, line });
        } else if !self.held.trim_ascii().is_empty() {
            out(Piece::Record {
                offset,
                line,
                bytes: &self.held,
            });
        }
        self.held.clear();
    }
}
