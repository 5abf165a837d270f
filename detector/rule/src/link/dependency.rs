//! In which order correlations are linked, and which of them go in circles.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// An order of rules that refer to each other.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dependencies {
    /// Children before parents, otherwise as given; rules in or above a circle are left out.
    pub(crate) order: Vec<usize>,
    /// Each starts with its first rule and holds every rule once.
    pub(crate) circles: Vec<Vec<usize>>,
}

/// Takes, for each rule, the rules it refers to.
pub(crate) fn dependencies(children: &[Vec<usize>]) -> Dependencies {
    let mut parents = vec![Vec::new(); children.len()];
    for (parent, children) in children.iter().enumerate() {
        for &child in children {
            parents[child].push(parent);
        }
    }
    let mut waiting: Vec<usize> = children.iter().map(Vec::len).collect();
    let mut ready: BinaryHeap<Reverse<usize>> = (0..children.len())
        .filter(|&ix| waiting[ix] == 0)
        .map(Reverse)
        .collect();
    let mut order = Vec::with_capacity(children.len());
    let mut done = vec![false; children.len()];
    while let Some(Reverse(ix)) = ready.pop() {
        order.push(ix);
        done[ix] = true;
        for &parent in &parents[ix] {
            waiting[parent] -= 1;
            if waiting[parent] == 0 {
                ready.push(Reverse(parent));
            }
        }
    }
    Dependencies {
        order,
        circles: circles(children, done),
    }
}

/// Walks from every rule that is not done down to its unfinished children, until a walk comes round.
fn circles(children: &[Vec<usize>], mut done: Vec<bool>) -> Vec<Vec<usize>> {
    let mut circles = Vec::new();
    let mut on_path = vec![false; children.len()];
    for start in 0..children.len() {
        let mut path = Vec::new();
        let mut next = (!done[start]).then_some(start);
        loop {
            if let Some(ix) = next {
                path.push(ix);
                on_path[ix] = true;
            }
            let Some(&at) = path.last() else {
                break;
            };
            next = children[at].iter().copied().find(|&child| !done[child]);
            let finished = match next {
                None => path.split_off(path.len() - 1),
                Some(child) if on_path[child] => {
                    let first = path.iter().position(|&ix| ix == child);
                    let mut circle = path.split_off(first.unwrap_or_default());
                    let least = circle.iter().copied().enumerate();
                    let least = least.min_by_key(|(_, ix)| *ix);
                    circle.rotate_left(least.map_or(0, |(place, _)| place));
                    circles.push(circle.clone());
                    next = None;
                    circle
                }
                Some(_) => continue,
            };
            for ix in finished {
                done[ix] = true;
            }
        }
    }
    circles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_circle_is_found_once_and_the_rest_is_ordered() {
        // 0 → 1 → 2 → 1, 3 → 0, 4 → 5, 6 → 6
        let children = [vec![1], vec![2], vec![1], vec![0], vec![5], vec![], vec![6]];
        let found = dependencies(&children);
        assert_eq!(found.order, [5, 4]);
        assert_eq!(found.circles, [vec![1, 2], vec![6]]);
    }
}
