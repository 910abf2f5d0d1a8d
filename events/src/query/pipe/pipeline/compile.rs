//! Building a pipeline: names become slots, and what can be done earlier is.
//!
//! Invariant: the steps give what the pipes say, one after the other. Conditions on what lines say are asked of the lines,
//! where an index can answer them; a limit is known to the sort in front of it.
//! It does not change the pipes.

use super::answer::Answer;
use super::group::{GroupStep, Shape};
use super::{Context, Pipeline, PipelineError, Step, fields_of};
use crate::query::pipe::filtering::RowFilter;
use crate::query::pipe::scope::Scope;
use crate::query::pipe::{Pipe, PipeError};
use crate::query::tree::{FieldName, Filter};

impl Pipeline {
    pub fn new(pipes: &[Pipe], context: &Context) -> Result<Self, PipelineError> {
        let mut compiler = Compiler {
            scope: Scope::of_lines(),
            lines: None,
            steps: Vec::new(),
            conditions: Vec::new(),
            context,
        };
        for (pipe, one) in pipes.iter().enumerate() {
            compiler.add(one).map_err(|source| PipelineError { pipe, source })?;
        }
        Ok(Self {
            steps: compiler.steps,
            lines: compiler.lines.unwrap_or_else(|| compiler.scope.clone()),
            last: compiler.scope,
            filter: Filter::all_of(compiler.conditions),
            range: context.range,
            answer: Answer::new(&context.limits),
            warnings: Vec::new(),
        })
    }
}

struct Compiler<'c> {
    scope: Scope,
    /// Names in front of the first table.
    lines: Option<Scope>,
    steps: Vec<Step>,
    conditions: Vec<Filter>,
    context: &'c Context,
}

impl Compiler<'_> {
    fn add(&mut self, pipe: &Pipe) -> Result<(), PipeError> {
        let limits = &self.context.limits;
        match pipe {
            Pipe::Where(filter) => return self.condition(filter),
            Pipe::Fields(fields) => return fields.compile(&mut self.scope),
            Pipe::Limit(rows) => self.limit(*rows),
            Pipe::Sort(sort) => self.steps.push(Step::Sort(sort.compile(&mut self.scope, limits)?)),
            Pipe::Eval(eval) => self.steps.push(Step::Eval(eval.compile(&mut self.scope)?)),
            Pipe::Extract(extract) => {
                let extractor = extract.compile(&mut self.scope, limits.regex_bytes_max as usize)?;
                self.steps.push(Step::Extract(extractor));
            }
            Pipe::Stats(stats) => return self.group(stats.grouping.clone(), Shape::AsTheyAre),
            Pipe::Uniq(uniq) => return self.group(uniq.grouping(), Shape::AsTheyAre),
            Pipe::Top(top) => return self.group(top.grouping(), Shape::Top(top.clone())),
            Pipe::Patterns(patterns) => {
                return self.group(patterns.grouping(), Shape::Patterns(patterns.clone()));
            }
        }
        Ok(())
    }

    fn group(&mut self, grouping: super::Grouping, shape: Shape) -> Result<(), PipeError> {
        let (step, table) = GroupStep::new(grouping, shape, &mut self.scope, self.context)?;
        let before = std::mem::replace(&mut self.scope, table);
        self.lines.get_or_insert(before);
        self.steps.push(Step::Group(Box::new(step)));
        Ok(())
    }

    /// A sort in front of a limit needs no more rows, if nothing between them takes rows away.
    fn limit(&mut self, rows: u32) {
        for step in self.steps.iter_mut().rev() {
            match step {
                Step::Eval(_) | Step::Extract(_) => {}
                Step::Sort(sorter) => {
                    sorter.limit(rows);
                    break;
                }
                _ => break,
            }
        }
        self.steps.push(Step::Limit(u64::from(rows)));
    }

    /// Asks lines what lines can answer, and rows the rest.
    fn condition(&mut self, filter: &Filter) -> Result<(), PipeError> {
        let parts = match filter {
            Filter::And(parts) => parts.as_slice(),
            one => std::slice::from_ref(one),
        };
        let is_early = !self.steps.iter().any(|step| matches!(step, Step::Limit(_) | Step::Group(_)));
        let (early, late): (Vec<_>, Vec<_>) =
            parts.iter().cloned().partition(|part| is_early && self.is_of_lines(part));
        self.conditions.extend(early);
        if !late.is_empty() {
            self.steps.push(Step::Where(RowFilter::compile(&Filter::all_of(late), &mut self.scope)?));
        }
        Ok(())
    }

    /// Whether every field of the condition means one of the line.
    fn is_of_lines(&self, filter: &Filter) -> bool {
        let mut fields = Vec::new();
        fields_of(filter, &mut fields);
        fields.iter().all(|field| match field {
            FieldName::Any | FieldName::Like(_) => self.scope.is_open() && self.scope.hidden().is_empty(),
            field => self.scope.is_of_line(field),
        })
    }
}
