import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { routerOf, type Route } from './route.ts';

const route = (path: string): Route => ({ path, about: path, handlers: {} });
const find = routerOf(
  ['sign/{name}', 'sign/{name}/{hash}', 'data/{path...}', 'config', '{path...}'].map((path) => route(path)),
);

describe('a router', () => {
  it('takes the parts that the pattern names, and leaves the others empty', () => {
    const short = find('sign/my-key');
    assert.equal(short?.route.path, 'sign/{name}');
    assert.deepEqual([short?.part('name'), short?.part('hash'), short?.part('other')], ['my-key', '', '']);
    const long = find('sign/my-key/sha2-256');
    assert.equal(long?.route.path, 'sign/{name}/{hash}');
    assert.deepEqual([long?.part('name'), long?.part('hash')], ['my-key', 'sha2-256']);
  });

  it('gives the rest of a path to a part with dots behind it', () => {
    assert.equal(find('data/a/b/c')?.part('path'), 'a/b/c');
    assert.equal(find('data')?.part('path'), '');
    assert.equal(find('elsewhere/x')?.part('path'), 'elsewhere/x');
  });

  it('takes a slash at the end for nothing, where the pattern has an end', () => {
    assert.equal(find('config/')?.route.path, 'config');
    assert.equal(routerOf([route('config')])('nothing'), null);
  });
});
