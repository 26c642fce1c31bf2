//! Documents side by side, to which clauses add their scores one after another.

use fixedbitset::FixedBitSet;

/// How many documents stand side by side: so few that they stay in the fastest cache, and their bounds tight.
const WIDTH: u32 = 1 << 11;
const WORD: u32 = u64::BITS;
const WORDS: usize = (WIDTH / WORD) as usize;

/// Adding this to a score and taking it off again leaves a multiple of 2⁻³²: sums of such numbers are exact, so that no
/// order of clauses makes equal documents differ.
const GRID: f64 = (3u64 << 19) as f64;

/// A bit for every document of a window.
pub(super) type Mask = [u64; WORDS];

/// A part's documents from a multiple of [`WIDTH`] on, and what they have got so far.
pub(super) struct Window {
    start: u32,
    scores: Box<[f64; WIDTH as usize]>,
    /// Which documents got something.
    found: Mask,
}

/// `score` as it is added.
pub(super) fn rounded(score: f32) -> f64 {
    (f64::from(score) + GRID) - GRID
}

impl Default for Window {
    fn default() -> Self {
        Self {
            start: 0,
            scores: Box::new([0.0; WIDTH as usize]),
            found: [0; WORDS],
        }
    }
}

impl Window {
    /// Turns to the documents around `doc`; nothing must be left of those before.
    pub(super) fn turn_to(&mut self, doc: u32) {
        self.start = doc / WIDTH * WIDTH;
    }

    pub(super) fn start(&self) -> u32 {
        self.start
    }

    pub(super) fn end(&self) -> u32 {
        self.start.saturating_add(WIDTH)
    }

    /// Adds to the score of `doc`, which is in the window.
    pub(super) fn add(&mut self, doc: u32, score: f32) {
        let at = (doc - self.start) % WIDTH;
        self.scores[at as usize] += rounded(score);
        self.found[(at / WORD) as usize] |= 1 << (at % WORD);
    }

    /// Leaves of the documents that `may` be found those that `score` gives something.
    pub(super) fn require(&mut self, may: &mut Mask, score: impl FnOnce(&mut Self)) {
        let before = std::mem::take(&mut self.found);
        score(self);
        for ((found, before), may) in self.found.iter_mut().zip(before).zip(may) {
            *may &= *found;
            *found |= before;
        }
    }

    /// Takes all documents out, in order; gives those that `may` be found with their scores.
    pub(super) fn drain(&mut self, may: &Mask, mut give: impl FnMut(u32, f64)) {
        for (word, (found, may)) in self.found.iter_mut().zip(may).enumerate() {
            let first = word as u32 * WORD;
            let mut rest = std::mem::take(found);
            while rest != 0 {
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                let score = std::mem::take(&mut self.scores[((first + bit) % WIDTH) as usize]);
                if may >> bit & 1 == 1 {
                    give(self.start + first + bit, score);
                }
            }
        }
    }

    /// The documents of the window that are `allowed`; `None` where there are none.
    pub(super) fn allowed(&self, allowed: Option<&FixedBitSet>) -> Option<Mask> {
        let Some(allowed) = allowed else {
            return Some([u64::MAX; WORDS]);
        };
        let mut words = [0; WORDS];
        let blocks = allowed.as_slice();
        let bits = usize::BITS as usize;
        let per_word = WORD as usize / bits;
        let first = self.start as usize / bits;
        for (at, word) in words.iter_mut().enumerate() {
            for part in 0..per_word {
                let block = blocks.get(first + at * per_word + part).copied();
                *word |= (block.unwrap_or(0) as u64) << (part * bits);
            }
        }
        words.iter().any(|word| *word != 0).then_some(words)
    }
}
