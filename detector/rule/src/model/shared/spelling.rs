//! How a field is spelt: what of a value makes no difference where it is grouped by or counted.

/// The words of `spelling`, in the order in which they are applied, and what each makes alike.
const WORDS: [&str; 5] = ["percent", "case", "unicode", "dot", "address"];

/// What does not count in the values of a field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spelling {
    /// `%41` is `A`.
    pub percent: bool,
    /// `A` is `a`.
    pub case: bool,
    /// A letter and its accent are one, in whichever of Unicode's forms.
    pub unicode: bool,
    /// `example.com.` is `example.com`.
    pub dot: bool,
    /// `::ffff:192.0.2.1` is `192.0.2.1`, `2001:DB8:0::1` is `2001:db8::1`.
    pub address: bool,
}

impl Spelling {
    /// The words that a rule file may use.
    pub fn words() -> [&'static str; 5] {
        WORDS
    }

    /// Adds what a word says; whether it is one.
    pub(crate) fn add(&mut self, word: &str) -> bool {
        let at = WORDS.iter().position(|known| *known == word);
        let [percent, case, unicode, dot, address] = [0, 1, 2, 3, 4].map(|it| at == Some(it));
        self.percent |= percent;
        self.case |= case;
        self.unicode |= unicode;
        self.dot |= dot;
        self.address |= address;
        at.is_some()
    }

    /// As it stands in the state's key: the words, in their order.
    pub fn written(self) -> String {
        let said = [
            self.percent,
            self.case,
            self.unicode,
            self.dot,
            self.address,
        ];
        let words = WORDS.iter().zip(said).filter(|(_, said)| *said);
        let words: Vec<&str> = words.map(|(word, _)| *word).collect();
        words.join(", ")
    }
}
