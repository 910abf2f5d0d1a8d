//! Tests of aggregates in three steps: given these events, when this command, then these events.
//!
//! Invariant: the state comes from `evolve` alone, so a test also shows that the events carry enough.
//! It knows no aggregate: each test module wraps `given` with its own `decide` and `evolve`.

use std::fmt::Debug;

type Decide<S, C, E, R> = fn(&S, C) -> Result<Vec<E>, R>;

pub(super) struct Given<S, C, E, R> {
    state: S,
    decide: Decide<S, C, E, R>,
}

pub(super) struct When<E, R>(Result<Vec<E>, R>);

pub(super) fn given<S: Default, C, E, R>(
    decide: Decide<S, C, E, R>,
    evolve: fn(&mut S, &E),
    events: &[E],
) -> Given<S, C, E, R> {
    let mut state = S::default();
    for event in events {
        evolve(&mut state, event);
    }
    Given { state, decide }
}

impl<S, C, E, R> Given<S, C, E, R> {
    pub(super) fn when(&self, command: C) -> When<E, R> {
        When((self.decide)(&self.state, command))
    }
}

impl<E: Debug + PartialEq, R: Debug + PartialEq> When<E, R> {
    #[track_caller]
    pub(super) fn then(self, expected: &[E]) {
        assert_eq!(self.0.as_deref(), Ok(expected));
    }

    #[track_caller]
    pub(super) fn then_rejected(self, expected: R) {
        assert_eq!(self.0, Err(expected));
    }
}
