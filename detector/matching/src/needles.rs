//! Many texts, looked for in others at once: the automaton of Aho and Corasick, built in time linear in its texts.
//!
//! The crate that finds the words of rules takes a time that is quadratic in their number, which is nothing for rules and
//! too much for what a client writes.

use std::collections::VecDeque;

const ROOT: u32 = 0;

#[derive(Debug, Clone, Copy)]
struct Node {
    /// The byte that leads to it.
    byte: u8,
    /// A text ends here, or within what led here.
    is_end: bool,
    first_child: u32,
    children: u16,
    /// The longest ending of what led here that begins a text, too.
    fallback: u32,
}

#[derive(Debug)]
pub(super) struct Needles {
    /// Level by level; the children of a node lie side by side, by their bytes.
    nodes: Vec<Node>,
}

impl Needles {
    /// Of texts that are sorted and distinct, at least one and fewer than 2^32 bytes.
    pub(super) fn new(sorted: &[&[u8]]) -> Self {
        let mut nodes = vec![Node::reached_by(0)];
        let mut ranges = VecDeque::from([(ROOT as usize, 0, sorted.len())]);
        let mut depth = 0;
        let mut level_ends = 1;
        while let Some((node, from, to)) = ranges.pop_front() {
            if node == level_ends {
                depth += 1;
                level_ends = nodes.len();
            }
            // The shortest comes first. What is longer says nothing more.
            if sorted[from].len() == depth {
                nodes[node].is_end = true;
                continue;
            }
            nodes[node].first_child = index(nodes.len());
            let mut begin = from;
            while begin < to {
                let byte = sorted[begin][depth];
                let same = sorted[begin..to]
                    .iter()
                    .take_while(|text| text[depth] == byte);
                let end = begin + same.count();
                nodes[node].children += 1;
                ranges.push_back((nodes.len(), begin, end));
                nodes.push(Node::reached_by(byte));
                begin = end;
            }
        }
        let mut needles = Self { nodes };
        needles.fall_back();
        needles
    }

    /// A node's fallback lies on a level before its own, so that it is known.
    fn fall_back(&mut self) {
        for node in 0..self.nodes.len() {
            let Node {
                first_child,
                children,
                fallback,
                ..
            } = self.nodes[node];
            for child in first_child..first_child + u32::from(children) {
                let byte = self.nodes[child as usize].byte;
                let to = match index(node) {
                    ROOT => ROOT,
                    _ => self.step(fallback, byte),
                };
                let ends = self.nodes[to as usize].is_end;
                let child = &mut self.nodes[child as usize];
                child.fallback = to;
                child.is_end |= ends;
            }
        }
    }

    fn child(&self, node: u32, byte: u8) -> Option<u32> {
        let Node {
            first_child,
            children,
            ..
        } = self.nodes[node as usize];
        let from = first_child as usize;
        let of_node = &self.nodes[from..from + usize::from(children)];
        let at = of_node
            .binary_search_by_key(&byte, |child| child.byte)
            .ok()?;
        Some(first_child + index(at))
    }

    fn step(&self, mut node: u32, byte: u8) -> u32 {
        loop {
            match self.child(node, byte) {
                Some(child) => return child,
                None if node == ROOT => return ROOT,
                None => node = self.nodes[node as usize].fallback,
            }
        }
    }

    /// Whether one of them stands anywhere in `text`.
    pub(super) fn are_in(&self, text: &[u8]) -> bool {
        let mut node = ROOT;
        self.nodes[ROOT as usize].is_end
            || text.iter().any(|byte| {
                node = self.step(node, *byte);
                self.nodes[node as usize].is_end
            })
    }
}

impl Node {
    fn reached_by(byte: u8) -> Self {
        Self {
            byte,
            is_end: false,
            first_child: 0,
            children: 0,
            fallback: ROOT,
        }
    }
}

fn index(n: usize) -> u32 {
    u32::try_from(n).expect("fewer than 2^32 bytes of text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_text_is_found() {
        let mut words: Vec<Vec<u8>> = Vec::new();
        for n in 1..400usize {
            words.push(
                (0..n % 7 + 1)
                    .map(|at| b'a' + (n * 31 / (at + 1) % 3) as u8)
                    .collect(),
            );
        }
        let (mut found, mut missed) = (0, 0);
        for (number, text) in words.iter().enumerate() {
            let mut some: Vec<&[u8]> = words[number / 2..]
                .iter()
                .step_by(29)
                .map(|it| &it[..])
                .collect();
            some.sort_unstable();
            some.dedup();
            let text = [&text[..], &words[number * 7 % words.len()][..]].concat();
            let plain = some
                .iter()
                .any(|it| text.windows(it.len()).any(|part| part == *it));
            assert_eq!(
                Needles::new(&some).are_in(&text),
                plain,
                "{some:?} in {text:?}"
            );
            *if plain { &mut found } else { &mut missed } += 1;
        }
        assert!(found > 50 && missed > 10, "{found} {missed}");
        assert!(Needles::new(&[b""]).are_in(b""));
    }
}
