//! Tracing a test through a template: which states the texts can be in after each of its pieces.
//!
//! A hole is what its variables can spell; so most templates are told apart without reading a variable, and
//! of the others only the pieces in doubt have to be read: wherever all texts are in one state again, what
//! came before does not matter any more. Invariant: `None` and `All` are said only when every text that the
//! template can spell fails or passes, and a text passes if it does in one of the doubts.
//! It does not read variables.

use std::collections::HashMap;
use std::ops::Range;

use antler_events::query::value::{Automaton, Letters, State};
use foldhash::fast::FixedState;

use crate::index::columns::block::ReadError;
use crate::index::columns::template::{Alphabet, Atom, HoleKind, Template, TemplateTexts};

/// With more states at once the rest of a template is one doubt.
const STATES_MAX: usize = 64;

/// What is known of all texts of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    None,
    All,
    /// Each has to be asked.
    Each(Vec<Doubt>),
}

/// Pieces that tell whether a text passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Doubt {
    /// The state of all texts before the first of them.
    pub(super) from: State,
    /// Literals and holes as they follow each other: literals have even numbers.
    pub(super) pieces: Range<usize>,
    /// Whether the text ends after the last of them.
    pub(super) is_last: bool,
}

/// Traces one test through many templates.
pub(super) struct Tracer<'a> {
    automaton: &'a Automaton,
    /// By alphabet.
    letters: [Letters; Alphabet::EACH.len()],
    /// The states after any variable of a kind.
    after: HashMap<(HoleKind, State), Box<[State]>, FixedState>,
}

impl<'a> Tracer<'a> {
    pub(super) fn new(automaton: &'a Automaton) -> Self {
        let letters = Alphabet::EACH.map(|alphabet| automaton.letters(|byte| alphabet.has(byte)));
        Self { automaton, letters, after: HashMap::default() }
    }

    /// What is known by the kinds of the holes, and if that is not enough by their pages.
    pub(super) fn verdict(&mut self, texts: &dyn TemplateTexts, number: u16) -> Result<Verdict, ReadError> {
        let template = texts.template(number);
        let verdict = self.trace(template, &mut |tracer, hole, before, after| {
            let kind = template.kind(hole).expect("it is one of its holes");
            before.iter().for_each(|state| tracer.after_kind(kind, *state, after));
        });
        if !matches!(verdict, Verdict::Each(_)) || template.holes() == 0 {
            return Ok(verdict);
        }
        let Some(spellings) = texts.spellings(number)? else { return Ok(verdict) };
        Ok(self.trace(template, &mut |tracer, hole, before, after| {
            let spelled = spellings.get(hole).into_iter().flatten();
            spelled.for_each(|atoms| after.extend(tracer.after_atoms(atoms, before.to_vec())));
        }))
    }

    fn trace(&mut self, template: Template<'_>, through: &mut ThroughHole<'_, 'a>) -> Verdict {
        let mut walk = Walk::new(self.automaton.start());
        let count = 2 * template.holes() + 1;
        let mut after = Vec::new();
        for piece in 0..count {
            after.clear();
            if piece % 2 == 0 {
                let literal = template.literal(piece / 2);
                after.extend(walk.states.iter().map(|state| self.automaton.run(*state, literal)));
            } else {
                through(self, piece / 2, &walk.states, &mut after);
            }
            distinct(&mut after);
            match after[..] {
                [State::PASSED] => return Verdict::All,
                // What is in doubt may have passed before.
                [State::FAILED] => return walk.finish(None),
                _ if after.len() > STATES_MAX => return walk.finish(Some(count)),
                _ => walk.enter(&mut after, piece),
            }
        }
        let mut ends = walk.states.iter().map(|state| self.automaton.at_end(*state));
        let first = ends.next().flatten();
        match first.filter(|first| ends.all(|end| end == Some(*first))) {
            Some(true) => Verdict::All,
            Some(false) => walk.finish(None),
            None => walk.finish(Some(count)),
        }
    }

    fn after_kind(&mut self, kind: HoleKind, state: State, after: &mut Vec<State>) {
        if let Some(known) = self.after.get(&(kind, state)) {
            return after.extend_from_slice(known);
        }
        let found = self.after_atoms(kind.spelling(), vec![state]);
        after.extend_from_slice(&found);
        self.after.insert((kind, state), found.into());
    }

    fn after_atoms(&self, atoms: &[Atom<'_>], mut states: Vec<State>) -> Vec<State> {
        for atom in atoms {
            match *atom {
                Atom::Bytes(bytes) => {
                    states.iter_mut().for_each(|state| *state = self.automaton.run(*state, bytes));
                    distinct(&mut states);
                }
                Atom::Of(alphabet, min, max) => states = self.after_letters(alphabet, min, max, states),
            }
        }
        states
    }

    /// The states after so many letters. What has no bound is followed until there are no new states.
    fn after_letters(&self, alphabet: Alphabet, min: u32, max: u32, mut last: Vec<State>) -> Vec<State> {
        for _ in 0..min {
            last = self.after_letter(alphabet, &last);
        }
        let mut all = last.clone();
        let mut is_known = vec![false; self.automaton.states()];
        all.iter().for_each(|state| is_known[self.automaton.index(*state)] = true);
        for _ in min..max {
            last = self.after_letter(alphabet, &last);
            let known = all.len();
            let is_new =
                |state: &State| !std::mem::replace(&mut is_known[self.automaton.index(*state)], true);
            all.extend(last.iter().copied().filter(is_new));
            // Every state that is known has been followed.
            if all.len() == known {
                break;
            }
        }
        distinct(&mut all);
        all
    }

    fn after_letter(&self, alphabet: Alphabet, states: &[State]) -> Vec<State> {
        let letters = &self.letters[alphabet as usize];
        let mut after =
            states.iter().flat_map(|state| self.automaton.after_letters(*state, letters)).collect();
        distinct(&mut after);
        after
    }
}

fn distinct(states: &mut Vec<State>) {
    if states.len() > 1 {
        states.sort_unstable();
        states.dedup();
    }
}

/// Adds the states after a hole to the last list.
type ThroughHole<'t, 'a> = dyn FnMut(&mut Tracer<'a>, usize, &[State], &mut Vec<State>) + 't;

/// A template that is being traced.
struct Walk {
    doubts: Vec<Doubt>,
    /// All texts were in this state before the piece of this number.
    from: State,
    first: usize,
    states: Vec<State>,
}

impl Walk {
    fn new(start: State) -> Self {
        Self { doubts: Vec::new(), from: start, first: 0, states: vec![start] }
    }

    /// Takes the states after a piece.
    fn enter(&mut self, after: &mut Vec<State>, piece: usize) {
        let mut open = after.iter().filter(|state| !matches!(**state, State::PASSED | State::UNKNOWN));
        let only = open.next().copied().filter(|only| open.next().is_none() && *only != State::FAILED);
        if let Some(only) = only {
            if after.len() > 1 {
                self.doubts.push(Doubt { from: self.from, pieces: self.first..piece + 1, is_last: false });
            }
            (self.from, self.first) = (only, piece + 1);
            after.retain(|state| *state == only);
        }
        std::mem::swap(&mut self.states, after);
    }

    /// The verdict, where the pieces before the last one of this number are in doubt.
    fn finish(mut self, count: Option<usize>) -> Verdict {
        if let Some(count) = count {
            self.doubts.push(Doubt { from: self.from, pieces: self.first..count, is_last: true });
        }
        if self.doubts.is_empty() { Verdict::None } else { Verdict::Each(self.doubts) }
    }
}
