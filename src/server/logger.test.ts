import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ClavigerError, StopError } from '#domain';
import { createLogger, describeError } from './logger.ts';

it('the logger writes a line of JSON from its level upwards', () => {
  const written = (level: 'debug' | 'warn' | 'silent') => {
    const lines: string[] = [];
    const logger = createLogger(level, (line) => lines.push(line) > 0);
    for (const name of ['debug', 'info', 'warn', 'error'] as const)
      logger[name](`a ${name}\nline`, { count: 1 });
    return lines;
  };
  assert.equal(written('debug').length, 4);
  assert.equal(written('silent').length, 0);
  const lines = written('warn');
  assert.deepEqual(
    lines.map((line) => {
      assert.match(line, /^[^\n]+\n$/);
      const { time, ...rest } = JSON.parse(line) as Record<string, unknown>;
      assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      return rest;
    }),
    [
      { level: 'warn', message: 'a warn\nline', count: 1 },
      { level: 'error', message: 'a error\nline', count: 1 },
    ],
  );
});

it('an error is described with its causes, shortly', () => {
  const root = new TypeError('x is not a function');
  const middle = new StopError('root-refused', 'The root refuses.', { cause: root });
  const error = new ClavigerError('internal', 'It failed.', { cause: middle });
  assert.equal(describeError(error), 'It failed. <- The root refuses. <- TypeError: x is not a function');
  assert.equal(describeError('text'), 'text');
  assert.equal(describeError(undefined), 'undefined');
  const many = new AggregateError([
    new Error('connect ECONNREFUSED ::1'),
    new Error('connect ECONNREFUSED 127.0.0.1'),
  ]);
  assert.match(describeError(many), /::1; Error: connect ECONNREFUSED 127/);
  const loop = new Error('round');
  loop.cause = loop;
  assert.ok(describeError(loop).length < 200);
  assert.ok(describeError(new Error('x'.repeat(1_000_000))).length <= 2000);
});

it('an error of the JSON parser does not quote what it read', () => {
  try {
    JSON.parse('{"password":"hunter2"');
  } catch (cause) {
    assert.equal(
      describeError(new ClavigerError('configuration-invalid', 'Not JSON.', { cause })),
      'Not JSON. <- SyntaxError',
    );
  }
  try {
    JSON.parse('hunter2');
  } catch (error) {
    assert.doesNotMatch(describeError(error), /hunter/);
  }
});
