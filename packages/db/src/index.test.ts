import { describe, expect, test } from 'vitest'
import * as db from './index.ts'
import * as testing from './testing.ts'

describe('the public face', () => {
  test('is this and nothing else', () => {
    expect(Object.keys(db).toSorted()).toEqual([
      'DbError',
      'EncryptionError',
      'PreciseDate',
      'afterCommit',
      'afterRollback',
      'beside',
      'commitOutcome',
      'copyIn',
      'copyOut',
      'createDatabase',
      'createMigrator',
      'databaseOf',
      'declareReads',
      'encryption',
      'health',
      'json',
      'listen',
      'migrate',
      'paginate',
      'prepared',
      'repository',
      'rotate',
      'stream',
      'tableOf',
      'transaction',
      'withMany',
      'withManyThrough',
      'withNested',
      'withOne',
    ])
    expect(Object.keys(testing).toSorted()).toEqual([
      'databaseTemplate',
      'exerciseDatabase',
      'withRollback',
    ])
  })
})
