//! Testing templates: most tests are answered by the templates, for all texts of one at once.
//!
//! A template passes, fails or is in doubt; of one in doubt the variables are read that tell, and only if
//! few texts are wanted those are rendered and asked. Invariant: a text is found exactly if the test passes
//! it, whichever way is gone. It does not know rows.

use std::ops::Range;

use antler_events::query::matcher::Target;
use antler_events::query::value::Automaton;

use self::follow::{Followed, follow};
use self::trace::{Doubt, Tracer, Verdict};
pub(super) use self::word::Required;
use self::word::{Place, Words};
use super::rows::RowSet;
use super::values::Check;
use crate::index::columns::block::ReadError;
use crate::index::columns::column::Class;
use crate::index::columns::template::{HoleKind, REST, Run, TemplateTexts};

mod follow;
mod trace;
mod word;

/// To render a text costs as much as to follow so many.
const FOLLOWED_PER_RENDERED: u64 = 8;

/// The texts of the ranks that pass. Those that are not wanted may be left out.
pub(super) fn passing(
    check: Check<'_>,
    texts: &dyn TemplateTexts,
    ranks: &Range<u32>,
    wanted: &RowSet,
) -> Result<RowSet, ReadError> {
    let count = ranks.end - ranks.start;
    let question = Question::new(check, texts);
    let mut found = RowSet::none(count);
    if let Some(candidates) = question.candidates()? {
        let places =
            candidates.into_iter().filter(|rank| ranks.contains(rank)).map(|rank| rank - ranks.start);
        question.render(ranks, places.filter(|at| wanted.contains(*at)), &mut found)?;
        return Ok(found);
    }
    let mut answers = question.answers()?;
    if answers.is_empty() {
        return Ok(found);
    }
    let mut numbers = Vec::with_capacity(count as usize);
    texts.numbers(ranks.clone(), &mut numbers)?;
    let of_number = by_number(&answers, texts);
    let mut open = Vec::new();
    for (number, at) in numbers.iter().zip(0u32..) {
        match of_number[usize::from(*number)] {
            None => {}
            Some(Answer::All) => found.insert(at),
            Some(_) if wanted.contains(at) => open.push(at),
            Some(_) => {}
        }
    }
    answers.retain(|(_, answer)| *answer != Answer::All);
    if !question.is_worth_following(&answers, open.len()) {
        question.render(ranks, open.into_iter(), &mut found)?;
        return Ok(found);
    }
    question.look_into_quotes(&mut answers)?;
    let mut ranked = question.ranked(&answers, ranks.start)?;
    let mut unknown = Vec::new();
    for (number, at) in numbers.iter().zip(0u32..) {
        if let Some((followed, rank)) = &mut ranked[usize::from(*number)] {
            if followed.passing.contains(*rank) {
                found.insert(at);
            } else if followed.unknown.contains(*rank) {
                unknown.push(at);
            }
            *rank += 1;
        }
    }
    question.render(ranks, unknown.into_iter().filter(|at| wanted.contains(*at)), &mut found)?;
    Ok(found)
}

/// How many of all texts pass.
pub(super) fn passing_count(check: Check<'_>, texts: &dyn TemplateTexts) -> Result<u64, ReadError> {
    let question = Question::new(check, texts);
    if question.token().is_some() {
        return count_of_passing(check, texts);
    }
    let mut answers = question.answers()?;
    question.look_into_quotes(&mut answers)?;
    let mut count = 0;
    for (number, answer) in &answers {
        count += match answer {
            Answer::All => u64::from(texts.texts_of(*number)),
            answer => {
                let followed = question.follow(*number, answer)?;
                if !followed.unknown.is_empty() {
                    return count_of_passing(check, texts);
                }
                u64::from(followed.passing.count())
            }
        };
    }
    Ok(count)
}

/// For each number the answer, if any.
fn by_number<'n>(answers: &'n Answers, texts: &dyn TemplateTexts) -> Vec<Option<&'n Answer>> {
    let mut of_number = vec![None; usize::from(texts.template_count()) + 1];
    answers.iter().for_each(|(number, answer)| of_number[usize::from(*number)] = Some(answer));
    of_number
}

fn count_of_passing(check: Check<'_>, texts: &dyn TemplateTexts) -> Result<u64, ReadError> {
    let found = passing(check, texts, &(0..texts.count()), &RowSet::all(texts.count()))?;
    Ok(u64::from(found.count()))
}

/// What is known of templates of which some text may pass, by rising numbers.
type Answers = Vec<(u16, Answer)>;

/// What is known of the texts of a template of which some may pass.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    All,
    /// These pieces have to be read.
    Doubts(Vec<Doubt>),
    /// The test asks for words that stand between its quotes, if anywhere.
    Quoted,
    /// Each text has to be asked: those of the rest, and all that the automaton does not know.
    Each,
}

/// A test that is put to texts with templates.
struct Question<'a> {
    check: Check<'a>,
    texts: &'a dyn TemplateTexts,
    /// What every passing text has, if the test is about the text as it stands.
    required: Option<&'a Required>,
}

impl<'a> Question<'a> {
    fn new(check: Check<'a>, texts: &'a dyn TemplateTexts) -> Self {
        let is_level = matches!(check.leaf.condition.target, Target::Levels(_));
        let is_plain = check.head.class == Class::Text && !is_level;
        Self { check, texts, required: is_plain.then(|| check.leaf.required()) }
    }

    /// A variable that every passing text has.
    fn token(&self) -> Option<&'a [u8]> {
        self.required?.token.as_deref()
    }

    fn words(&self) -> Option<&'a Words> {
        self.required?.words.as_ref()
    }

    /// It costs some time to make, so it is not made for what is answered without.
    fn automaton(&self) -> Option<&'a Automaton> {
        self.required.and_then(|_| self.check.leaf.automaton())
    }

    /// The ranks of texts with the token that all passing texts have, if there is one and the column can tell.
    fn candidates(&self) -> Result<Option<Vec<u32>>, ReadError> {
        let Some(token) = self.token() else { return Ok(None) };
        let has_holes = |number: &u16| *number == REST || self.texts.template(*number).holes() > 0;
        let numbers: Vec<u16> = (REST..=self.texts.template_count()).filter(has_holes).collect();
        Ok(self.texts.candidates(&numbers, token)?)
    }

    fn answers(&self) -> Result<Answers, ReadError> {
        let mut answers = Vec::new();
        let may_be_in_rest = || self.words().is_none_or(|words| words.may_be_in_rest(self.texts));
        if self.texts.texts_of(REST) > 0 && may_be_in_rest() {
            answers.push((REST, Answer::Each));
        }
        let places = match self.words() {
            Some(words) => words.places(self.texts),
            None => (1..=self.texts.template_count()).map(|number| (number, Place::Anywhere)).collect(),
        };
        let mut tracer = None;
        for (number, place) in places {
            let answer = match place {
                _ if self.texts.texts_of(number) == 0 => None,
                Place::Quoted => Some(Answer::Quoted),
                Place::Anywhere => self.traced(number, &mut tracer)?,
                Place::InAll => Some(Answer::All),
            };
            answers.extend(answer.map(|answer| (number, answer)));
        }
        Ok(answers)
    }

    /// The answer that the template gives, if some text may pass.
    fn traced(&self, number: u16, tracer: &mut Option<Tracer<'a>>) -> Result<Option<Answer>, ReadError> {
        let template = self.texts.template(number);
        if template.holes() == 0 {
            return Ok(self.check.passes_text(template.literal(0)).then_some(Answer::All));
        }
        let Some(automaton) = self.automaton() else { return Ok(Some(Answer::Each)) };
        let tracer = tracer.get_or_insert_with(|| Tracer::new(automaton));
        Ok(match tracer.verdict(self.texts, number)? {
            Verdict::None => None,
            Verdict::All => Some(Answer::All),
            Verdict::Each(doubts) => Some(Answer::Doubts(doubts)),
        })
    }

    /// Looks for the words between quotes.
    fn look_into_quotes(&self, answers: &mut Answers) -> Result<(), ReadError> {
        let has_quoted = answers.iter().any(|(_, answer)| *answer == Answer::Quoted);
        let Some(words) = self.words().filter(|_| has_quoted) else { return Ok(()) };
        let quoting = self.texts.quoted(&mut |bytes| words.may_be_in(bytes))?;
        let mut tracer = None;
        for (number, answer) in std::mem::take(answers) {
            let answer = match answer {
                Answer::Quoted if quoting.binary_search(&number).is_err() => None,
                Answer::Quoted if !words.is_all() => self.traced(number, &mut tracer)?,
                answer => Some(answer),
            };
            answers.extend(answer.map(|answer| (number, answer)));
        }
        Ok(())
    }

    /// Whether it is cheaper to follow all texts of the templates in doubt than to render the open ones.
    fn is_worth_following(&self, in_doubt: &Answers, open: usize) -> bool {
        let followed: u64 = in_doubt.iter().map(|(number, _)| u64::from(self.texts.texts_of(*number))).sum();
        open as u64 * FOLLOWED_PER_RENDERED > followed
    }

    /// Renders the texts at these places of the range and asks each.
    fn render(
        &self,
        ranks: &Range<u32>,
        places: impl Iterator<Item = u32>,
        found: &mut RowSet,
    ) -> Result<(), ReadError> {
        let places: Vec<u32> = places.map(|at| ranks.start + at).collect();
        self.texts.render(&places, &mut |rank, text| {
            if self.check.passes_text(text) {
                found.insert(rank - ranks.start);
            }
        })?;
        Ok(())
    }

    /// For each number which texts pass, if the template is in doubt, and how many of them stand before the first
    /// rank.
    fn ranked(&self, in_doubt: &Answers, first: u32) -> Result<Vec<Option<(Followed, u32)>>, ReadError> {
        let mut ranked = vec![None; usize::from(self.texts.template_count()) + 1];
        for (number, answer) in in_doubt {
            ranked[usize::from(*number)] = Some((self.follow(*number, answer)?, 0));
        }
        let mut before = Vec::new();
        self.texts.numbers(0..first, &mut before)?;
        for number in before {
            if let Some((_, rank)) = &mut ranked[usize::from(number)] {
                *rank += 1;
            }
        }
        Ok(ranked)
    }

    fn follow(&self, number: u16, answer: &Answer) -> Result<Followed, ReadError> {
        let count = self.texts.texts_of(number);
        match answer {
            Answer::Doubts(doubts) => {
                let automaton = self.automaton().expect("only an automaton has doubts");
                follow(automaton, self.texts, number, doubts)
            }
            Answer::All => Ok(Followed { passing: RowSet::all(count), ..Followed::none(count) }),
            Answer::Quoted => self.ask_variables(number, self.quoted_holes(number)),
            Answer::Each if number == REST => self.ask_variables(REST, [0]),
            Answer::Each => Ok(Followed { unknown: RowSet::all(count), ..Followed::none(count) }),
        }
    }

    fn quoted_holes(&self, number: u16) -> impl Iterator<Item = usize> {
        let kinds = self.texts.template(number).kinds().enumerate();
        kinds.filter(|(_, kind)| *kind == HoleKind::Text).map(|(index, _)| index)
    }

    /// Asks the variables of holes, where a text passes if one of these does.
    fn ask_variables(
        &self,
        number: u16,
        holes: impl IntoIterator<Item = usize>,
    ) -> Result<Followed, ReadError> {
        let mut followed = Followed::none(self.texts.texts_of(number));
        for hole in holes {
            let mut rank = 0;
            self.texts.variables(number, hole, &mut |run| {
                let passes = self.passes(run);
                run.for_each(|index| {
                    if passes[index] {
                        followed.passing.insert(rank);
                    }
                    rank += 1;
                });
            })?;
        }
        Ok(followed)
    }

    /// Which variables pass; only those are looked at that have the piece that all passing texts have.
    fn passes(&self, run: &Run<'_>) -> Vec<bool> {
        let mut passes = vec![false; run.variables()];
        let prefilter = self.required.and_then(|required| required.prefilter.as_ref());
        let mut index = 0;
        while index < passes.len() {
            if let Some(prefilter) = prefilter {
                let Some(at) = prefilter.find(run.bytes(), run.start(index)) else { break };
                index = run.index_at(at);
            }
            if let Some(passes) = passes.get_mut(index) {
                *passes = self.check.passes_text(run.variable(index));
            }
            index += 1;
        }
        passes
    }
}

#[cfg(test)]
mod tests;
