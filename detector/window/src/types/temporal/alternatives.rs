//! A condition with `not`: the ways in which it can hold, and what must be absent in each.

use detector_rule::Presence;

/// The ways in which a condition can hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Alternatives(Vec<Alternative>);

/// One of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Alternative {
    /// Conditions without `not`, all of which hold.
    pub all: Vec<Presence>,
    /// Conditions none of which holds while what makes the others hold is in the window.
    pub none: Vec<Alternatives>,
}

/// More ways than a rule needs, with those of what is ruled out.
pub(super) const ALTERNATIVES_MAX: usize = 256;

impl Alternatives {
    /// `None`: there are more than [`ALTERNATIVES_MAX`].
    pub(super) fn of(condition: &Presence) -> Option<Self> {
        if !condition.has_not() {
            let all = vec![condition.clone()];
            return Some(Self(vec![Alternative {
                all,
                none: Vec::new(),
            }]));
        }
        let ways = match condition {
            Presence::Or(any) => {
                let ways = any.iter().map(Self::of).collect::<Option<Vec<_>>>()?;
                ways.into_iter().flat_map(|ways| ways.0).collect()
            }
            Presence::And(all) => {
                let mut ways = vec![Alternative::default()];
                for part in all {
                    let part = Self::of(part)?;
                    if ways.len() * part.0.len() > ALTERNATIVES_MAX {
                        return None;
                    }
                    let with_each = |way: &Alternative| part.0.iter().map(|p| way.and(p)).collect();
                    ways = ways.iter().flat_map::<Vec<_>, _>(with_each).collect();
                }
                ways
            }
            Presence::Not(part) => match &**part {
                Presence::Not(part) => return Self::of(part),
                part => vec![Alternative {
                    all: Vec::new(),
                    none: vec![Self::of(part)?],
                }],
            },
            Presence::Count(_) | Presence::Input(_) => unreachable!("they have no `not`"),
        };
        Some(Self(ways)).filter(|ways| ways.number() <= ALTERNATIVES_MAX)
    }

    /// Of ways, at all depths.
    fn number(&self) -> usize {
        let ruled_out = |way: &Alternative| way.none.iter().map(Self::number).sum::<usize>();
        self.0.iter().map(|way| 1 + ruled_out(way)).sum()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Alternative> {
        self.0.iter()
    }

    /// How deep `not` stands within `not`: 0 where there is none.
    pub(super) fn depth(&self) -> usize {
        let absent = self.0.iter().flat_map(|way| &way.none);
        absent.map(|none| 1 + none.depth()).max().unwrap_or(0)
    }
}

impl Alternative {
    fn and(&self, other: &Alternative) -> Alternative {
        Alternative {
            all: [&*self.all, &*other.all].concat(),
            none: [&*self.none, &*other.none].concat(),
        }
    }
}
