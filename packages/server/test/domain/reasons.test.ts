import { describe, expect, it } from 'vitest';
import { errors } from '../../src/domain/errors.ts';
import { describeReason, reasonTexts, taskRefusalCodes, taskRefusalText, workerRefusalCodes } from '../../src/domain/reasons.ts';

describe('reasons', () => {
  it('each has a text of its own', () => {
    const texts = Object.values(reasonTexts);
    expect(new Set(texts).size).toBe(texts.length);
    for (const text of texts) expect(text).toMatch(/^[a-z].*[^.]$/);
  });

  it('says the exit code and the signal where they are known', () => {
    expect(describeReason('exit', { exitCode: 3, signal: null })).toBe('the program ended with exit code 3');
    expect(describeReason('exit', { exitCode: null })).toBe(reasonTexts.exit);
    expect(describeReason('signal', { signal: 'SIGKILL' })).toBe('the program was ended by SIGKILL');
    expect(describeReason('timeout', { exitCode: 3 })).toBe(reasonTexts.timeout);
  });

  it('each refusal of a machine is an error of the table, and no two of one machine are the same', () => {
    for (const codes of [taskRefusalCodes, workerRefusalCodes]) {
      for (const code of Object.values(codes)) expect(errors).toHaveProperty(code);
      expect(new Set(Object.values(codes)).size).toBe(Object.keys(codes).length);
    }
  });

  it('each refusal names the task and where it stands', () => {
    for (const refusal of Object.keys(taskRefusalCodes) as (keyof typeof taskRefusalCodes)[]) {
      expect(taskRefusalText(refusal, 12, 'running', 'hold')).toMatch(/^Task 12 is running; /);
    }
  });
});
