//! A test of texts as an automaton over their bytes, for indexes that know texts in parts.
//!
//! Whoever knows the first bytes of many texts runs them once; whoever knows only which bytes may come next
//! follows all of them. A test that would need too many states has no automaton.
//! Invariant: a text that was run from the start to its end passes exactly if the test says so, unless its
//! state is unknown. It does not render or cut texts, and does not say where a match lies.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use regex_automata::Anchored;
use regex_automata::dfa::dense::{self, DFA};
use regex_automata::dfa::{Automaton as _, StartKind};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::{start, syntax};

use super::expression::NESTING_MAX;

mod spell;

pub(super) use self::spell::{wildcard, words};

/// What an automaton may take while it is built.
const BUILT_BYTES_MAX: usize = 512 << 10;
const STATES_MAX: usize = 1024;
/// More states are not compared with each other.
const MERGED_STATES_MAX: usize = 256;
const BYTES: usize = 256;

/// How far a text has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State(u16);

impl State {
    /// The text does not pass, whatever follows.
    pub const FAILED: Self = Self(0);
    /// The text passes, whatever follows.
    pub const PASSED: Self = Self(1);
    /// The automaton cannot tell: the whole text has to be asked.
    pub const UNKNOWN: Self = Self(2);

    /// Whether no byte changes it any more.
    #[inline]
    pub fn is_final(self) -> bool {
        self.0 <= Self::UNKNOWN.0
    }
}

/// Bytes that may come next, one for all that lead to the same states.
#[derive(Debug, Clone)]
pub struct Letters(Vec<u8>);

/// A test of texts as an automaton.
#[derive(Debug, Clone)]
pub struct Automaton {
    /// What the bytes are to all states.
    classes: Box<[u8; BYTES]>,
    /// A row of each state has a place for each class, and is filled up to a power of two.
    shift: u32,
    next: Vec<State>,
    passes_at_end: Vec<bool>,
    start: State,
}

impl Automaton {
    /// The automaton of a regular expression that is found anywhere.
    pub(super) fn new(expression: &str) -> Option<Self> {
        Some(Table::read(&built(expression)?)?.merged().narrowed())
    }

    pub fn start(&self) -> State {
        self.start
    }

    /// How many states there are; the states of a text can be put in a table of that length by `index`.
    pub fn states(&self) -> usize {
        self.passes_at_end.len()
    }

    pub fn index(&self, state: State) -> usize {
        usize::from(state.0)
    }

    /// The state after some more of a text. A character is given as a whole.
    #[inline]
    pub fn run(&self, from: State, text: &[u8]) -> State {
        if from.is_final() {
            return from;
        }
        match str::from_utf8(text) {
            Ok(_) => self.run_bytes(from, text),
            Err(_) => self.run_bytes(from, String::from_utf8_lossy(text).as_bytes()),
        }
    }

    #[inline]
    fn run_bytes(&self, from: State, text: &[u8]) -> State {
        text.iter().fold(from, |state, byte| self.after(state, self.classes[usize::from(*byte)]))
    }

    #[inline(always)]
    fn after(&self, state: State, class: u8) -> State {
        self.next[usize::from(state.0) << self.shift | usize::from(class)]
    }

    /// Whether a text passes that ends here; nothing if that is not known.
    #[inline]
    pub fn at_end(&self, state: State) -> Option<bool> {
        (state != State::UNKNOWN).then(|| self.passes_at_end[usize::from(state.0)])
    }

    /// The letters for some bytes.
    pub fn letters(&self, is_meant: impl Fn(u8) -> bool) -> Letters {
        let mut letters: Vec<u8> = (0..=u8::MAX)
            .filter(|byte| is_meant(*byte))
            .map(|byte| self.classes[usize::from(byte)])
            .collect();
        letters.sort_unstable();
        letters.dedup();
        Letters(letters)
    }

    /// The states after each of the letters.
    pub fn after_letters(&self, from: State, letters: &Letters) -> impl Iterator<Item = State> {
        letters.0.iter().map(move |letter| self.after(from, *letter))
    }
}

fn built(expression: &str) -> Option<DFA<Vec<u32>>> {
    let compiled = thompson::Config::new()
        .nfa_size_limit(Some(BUILT_BYTES_MAX))
        .which_captures(thompson::WhichCaptures::None);
    let determinised = dense::Config::new()
        .start_kind(StartKind::Unanchored)
        .accelerate(false)
        // It gives up at the first byte of another script.
        .unicode_word_boundary(true)
        .dfa_size_limit(Some(BUILT_BYTES_MAX))
        .determinize_size_limit(Some(BUILT_BYTES_MAX));
    dense::Builder::new()
        .syntax(syntax::Config::new().nest_limit(NESTING_MAX))
        .thompson(compiled)
        .configure(determinised)
        .build(expression)
        .ok()
}

/// All states by all bytes. The first three are the final ones.
struct Table {
    next: Vec<[State; BYTES]>,
    passes_at_end: Vec<bool>,
    start: State,
}

impl Table {
    fn read(dfa: &DFA<Vec<u32>>) -> Option<Self> {
        let finals = [State::FAILED, State::PASSED, State::UNKNOWN];
        let mut table = Self {
            next: finals.iter().map(|state| [*state; BYTES]).collect(),
            passes_at_end: finals.iter().map(|state| *state == State::PASSED).collect(),
            start: State::FAILED,
        };
        let mut known: HashMap<StateID, State, FixedState> = HashMap::default();
        let mut open = Vec::new();
        let start = dfa.start_state(&start::Config::new().anchored(Anchored::No)).ok()?;
        table.start = table.enter(dfa, start, &mut known, &mut open)?;
        while let Some((id, state)) = open.pop() {
            for byte in 0..=u8::MAX {
                let next = table.enter(dfa, dfa.next_state(id, byte), &mut known, &mut open)?;
                table.next[usize::from(state.0)][usize::from(byte)] = next;
            }
        }
        Some(table)
    }

    /// The state that stands for one of the automaton; nothing if there are too many.
    fn enter(
        &mut self,
        dfa: &DFA<Vec<u32>>,
        id: StateID,
        known: &mut HashMap<StateID, State, FixedState>,
        open: &mut Vec<(StateID, State)>,
    ) -> Option<State> {
        if dfa.is_match_state(id) {
            return Some(State::PASSED);
        } else if dfa.is_dead_state(id) {
            return Some(State::FAILED);
        } else if dfa.is_quit_state(id) {
            return Some(State::UNKNOWN);
        }
        if let Some(state) = known.get(&id) {
            return Some(*state);
        }
        let state = State(u16::try_from(self.next.len()).ok().filter(|at| usize::from(*at) < STATES_MAX)?);
        self.next.push([State::FAILED; BYTES]);
        self.passes_at_end.push(dfa.is_match_state(dfa.next_eoi_state(id)));
        known.insert(id, state);
        open.push((id, state));
        Some(state)
    }

    /// States that no text tells apart become one (Moore).
    fn merged(self) -> Self {
        if self.next.len() > MERGED_STATES_MAX {
            return self;
        }
        let mut kinds: Vec<u16> = self.passes_at_end.iter().map(|passes| u16::from(*passes)).collect();
        kinds[usize::from(State::UNKNOWN.0)] = State::UNKNOWN.0;
        let mut count = 3;
        loop {
            let mut known: HashMap<(u16, Vec<u16>), u16, FixedState> = HashMap::default();
            let finer: Vec<u16> = (self.next.iter().zip(&kinds))
                .map(|(row, kind)| {
                    let after = row.iter().map(|next| kinds[usize::from(next.0)]).collect();
                    let new = known.len() as u16;
                    *known.entry((*kind, after)).or_insert(new)
                })
                .collect();
            kinds = finer;
            if known.len() == count {
                return self.of_kinds(&kinds, count);
            }
            count = known.len();
        }
    }

    /// The kinds are numbered in the order of their first states, so that the final ones keep their numbers.
    fn of_kinds(&self, kinds: &[u16], count: usize) -> Self {
        let mut merged = Self { next: Vec::new(), passes_at_end: Vec::new(), start: State::FAILED };
        for (state, kind) in kinds.iter().enumerate() {
            if usize::from(*kind) == merged.next.len() && merged.next.len() < count {
                merged.next.push(self.next[state].map(|next| State(kinds[usize::from(next.0)])));
                merged.passes_at_end.push(self.passes_at_end[state]);
            }
        }
        merged.start = State(kinds[usize::from(self.start.0)]);
        merged
    }

    /// With one place for all bytes that no state tells apart.
    fn narrowed(&self) -> Automaton {
        let mut known: HashMap<Vec<State>, u8, FixedState> = HashMap::default();
        let mut classes = Box::new([0; BYTES]);
        let mut samples: Vec<usize> = Vec::new();
        for byte in 0..BYTES {
            let column = self.next.iter().map(|row| row[byte]).collect();
            let new = known.len() as u8;
            classes[byte] = *known.entry(column).or_insert(new);
            if known.len() > samples.len() {
                samples.push(byte);
            }
        }
        let width = samples.len().next_power_of_two();
        let mut next = Vec::with_capacity(self.next.len() * width);
        for row in &self.next {
            next.extend(samples.iter().map(|byte| row[*byte]));
            next.resize(next.len().next_multiple_of(width), State::FAILED);
        }
        let passes_at_end = self.passes_at_end.clone();
        Automaton { classes, shift: width.trailing_zeros(), next, passes_at_end, start: self.start }
    }
}

#[cfg(test)]
mod tests;
