import { describe, expect, test } from 'vitest'
import { isScript, mayCommit, mayFailPartly } from './statement-words.ts'

const COMMITS = [
  'commit',
  '  COMMIT  ',
  'commit;',
  'commit work',
  'commit and chain',
  "commit prepared 'a'",
  'end',
  'end transaction;',
  "prepare transaction 'a'",
  '/* app */ commit',
  '/* a; b */commit',
  '/* a /* b */ c */ commit -- d',
  '-- app\ncommit',
  'commit/* app */',
  ';commit',
  'insert into acts values (1); commit',
  'insert into acts values (1);\n\tcommit\n;',
  'begin; insert into acts values (1); end; select 1',
]

const OTHERS = [
  'select 1',
  'begin',
  'rollback',
  'savepoint commit_1',
  'select case when a then b end from t',
  'select case\n  when a then b\nend as c from t',
  'select commit, ended from t',
  'select\n  commit,\n  ended\nfrom t',
  "insert into notes values ('commit')",
  'insert into t values (1) on conflict (id)\ndo nothing',
  'insert into t values (1) on conflict (id)\n  do update set n = 1',
  'select do_it(1), call from t',
  'update t set call = 1',
  "do 'begin perform 1; end'",
  'explain (analyze, buffers) select 1',
  'explain analyze delete from t',
  'select\n  cluster,\n  vacuum\nfrom t',
  'refresh materialized view totals',
  'alter database app set work_mem to 64',
  'create tablespace fast location $1',
  'truncate a, b',
  'drop table a, b',
]

describe('a text that may commit', () => {
  test.each(COMMITS)('%j', (sql) =>
    expect([mayCommit(sql), mayFailPartly(sql)]).toEqual([true, true]),
  )
  test.each(OTHERS)('but not %j', (sql) =>
    expect([mayCommit(sql), mayFailPartly(sql)]).toEqual([false, false]),
  )
})

test.each([
  "call charge('a')",
  'CALL "Charge"()',
  '/* app */ call charge()',
  'select 1; call billing.charge()',
  'call /* app */ charge()',
  'do $$ begin insert into acts values (1); commit; end $$',
  "do language plpgsql 'begin call charge(); end'",
  "/* app */\ndo E'begin commit; end'",
  'create unique index concurrently on acts (id)',
  'reindex index concurrently acts_id',
  'analyze',
  'ANALYZE a, b',
  'analyse (verbose) a',
  'analyze "A"',
  'vacuum',
  'vacuum(full) a',
  '/* app */ vacuum full a',
  '-- app\nvacuum;',
  'cluster',
  'cluster parted using parted_n',
  'reindex schema public',
  'reindex(verbose) database app',
  'repack',
  'set statement_timeout = 0; analyze a, b',
  'alter database app /* to the new disk */ set tablespace fast',
])('what may have done a part of it when it fails: %j', (sql) => {
  expect(mayFailPartly(sql)).toBe(true)
})

test.each([
  ['commit', false],
  ['commit ; ', false],
  ['commit; select 1', true],
])('whether %j is a script: %j', (sql, is) => expect(isScript(sql)).toBe(is))
