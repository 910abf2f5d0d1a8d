import { describe, expect, it } from 'vitest';
import { STAGES, stateOf, wordOf as wordOfStage } from '../uploads/stages';
import { isOpen, STATES, wordOf } from './state';

describe('where work is', () => {
  it('may still change only while it is open', () => {
    expect(STATES.filter(isOpen)).toEqual(['pending', 'running', 'retrying']);
  });

  it('has a word of its own for each state, of jobs and of files', () => {
    expect(new Set(STATES.map(wordOf)).size).toBe(STATES.length);
    expect(new Set(STAGES.map(wordOfStage)).size).toBe(STAGES.length);
    expect(STAGES.map(stateOf)).toEqual(STATES);
  });
});
