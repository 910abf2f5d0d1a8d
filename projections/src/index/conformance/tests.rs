//! The suite is proved by the reference: it passes, and with a planted bug it does not.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::{CASES, Case, IndexUnderTest};
use crate::index::port::SearchIndex;
use crate::index::reference::ReferenceIndex;
use crate::index::reference::planted::Planted;

/// Ends a future that never waits for anybody.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("somebody is waited for"),
    }
}

#[derive(Debug)]
struct Reference(Planted);

impl IndexUnderTest for Reference {
    fn index(&self) -> Arc<dyn SearchIndex> {
        Arc::new(ReferenceIndex::with_planted(self.0))
    }

    fn reopen(&self) -> Option<Arc<dyn SearchIndex>> {
        None
    }
}

fn run(case: &Case, planted: Planted) {
    at_once((case.run)(Arc::new(Reference(planted))));
}

#[test]
fn the_reference_conforms() {
    for case in CASES {
        println!("{}", case.name);
        run(case, Planted::None);
    }
}

/// What takes longer than all others together is not needed to find them.
const SLOWEST: &str = "pages_of_any_size_make_one_list";

#[test]
fn every_planted_bug_is_found() {
    for planted in Planted::ALL {
        let finds = |case: &&Case| catch_unwind(AssertUnwindSafe(|| run(case, planted))).is_err();
        let found = CASES.iter().filter(|case| case.name != SLOWEST).find(finds);
        assert!(found.is_some(), "no case finds {planted:?}");
    }
}
