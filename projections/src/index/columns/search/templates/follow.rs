//! Following the texts of a template through the pieces in doubt, all texts at once.
//!
//! Invariant: only the variables of those pieces are read, each that stands in many texts once as long as
//! all texts are in one state. It does not render: a text whose state is unknown is left to whoever asks.

use antler_events::query::value::{Automaton, State};

use super::trace::Doubt;
use crate::index::columns::block::ReadError;
use crate::index::columns::search::rows::RowSet;
use crate::index::columns::template::{Run, TemplateTexts};

/// The texts of one template, by their ranks.
#[derive(Debug, Clone)]
pub(super) struct Followed {
    pub(super) passing: RowSet,
    /// Nothing is known of these.
    pub(super) unknown: RowSet,
}

impl Followed {
    pub(super) fn none(count: u32) -> Self {
        Self { passing: RowSet::none(count), unknown: RowSet::none(count) }
    }

    fn take(&mut self, automaton: &Automaton, states: &States, is_last: bool) {
        let passes =
            |state: State| automaton.at_end(state).map(|passes| state == State::PASSED || is_last && passes);
        let count = self.passing.range_len();
        match states {
            States::Same(state) => match passes(*state) {
                Some(true) => self.passing = RowSet::all(count),
                Some(false) => {}
                None => self.unknown = RowSet::all(count),
            },
            States::Each(states) => {
                for (state, rank) in states.iter().zip(0..count) {
                    match passes(*state) {
                        Some(true) => self.passing.insert(rank),
                        Some(false) => {}
                        None => self.unknown.insert(rank),
                    }
                }
            }
        }
    }
}

/// Follows all texts of a template through its doubts.
pub(super) fn follow(
    automaton: &Automaton,
    texts: &dyn TemplateTexts,
    number: u16,
    doubts: &[Doubt],
) -> Result<Followed, ReadError> {
    let template = texts.template(number);
    let mut followed = Followed::none(texts.texts_of(number));
    for doubt in doubts {
        let mut states = States::Same(doubt.from);
        for piece in doubt.pieces.clone() {
            if piece % 2 == 0 {
                states.through_literal(automaton, template.literal(piece / 2));
            } else {
                states = states.through_hole(automaton, texts, number, piece / 2)?;
            }
        }
        followed.take(automaton, &states, doubt.is_last);
    }
    Ok(followed)
}

/// The states of all texts of a template.
enum States {
    Same(State),
    Each(Vec<State>),
}

impl States {
    fn through_literal(&mut self, automaton: &Automaton, literal: &[u8]) {
        match self {
            Self::Same(state) => *state = automaton.run(*state, literal),
            Self::Each(states) => {
                let mut known: Vec<Option<State>> = vec![None; automaton.states()];
                for state in states {
                    let known = &mut known[automaton.index(*state)];
                    *state = *known.get_or_insert_with(|| automaton.run(*state, literal));
                }
            }
        }
    }

    fn through_hole(
        self,
        automaton: &Automaton,
        texts: &dyn TemplateTexts,
        number: u16,
        hole: usize,
    ) -> Result<Self, ReadError> {
        let count = texts.texts_of(number) as usize;
        match self {
            Self::Same(state) if state.is_final() => Ok(Self::Same(state)),
            Self::Same(state) => {
                let mut after = Growing { same: None, states: Vec::new(), count: 0 };
                texts.variables(number, hole, &mut |run| after.take(automaton, state, run))?;
                Ok(after.finish(count))
            }
            Self::Each(mut states) => {
                let mut rest = states.iter_mut();
                texts.variables(number, hole, &mut |run| {
                    run.for_each(|index| {
                        if let Some(state) = rest.next() {
                            *state = automaton.run(*state, run.variable(index));
                        }
                    });
                })?;
                Ok(Self::Each(states))
            }
        }
    }
}

/// States after a hole before which they were all the same.
struct Growing {
    /// All have this state as long as `states` is empty.
    same: Option<State>,
    states: Vec<State>,
    count: usize,
}

impl Growing {
    fn take(&mut self, automaton: &Automaton, from: State, run: &Run<'_>) {
        let after: Vec<State> =
            (0..run.variables()).map(|index| automaton.run(from, run.variable(index))).collect();
        let first = self.same.unwrap_or(after[0]);
        if self.states.is_empty() && after.iter().all(|state| *state == first) {
            self.same = Some(first);
        } else {
            if self.states.is_empty() {
                self.states.resize(self.count, first);
            }
            run.for_each(|index| self.states.push(after[index]));
        }
        self.count += run.count();
    }

    fn finish(mut self, count: usize) -> States {
        match self.same {
            Some(same) if self.states.is_empty() => States::Same(same),
            _ => {
                self.states.resize(count, State::UNKNOWN);
                States::Each(self.states)
            }
        }
    }
}
