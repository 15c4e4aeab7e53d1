import { expect, test } from 'vitest'
import * as boundary from './boundary.ts'

test('the public face of the boundary is what it is, and nothing else', () => {
  expect(Object.keys(boundary)).toEqual([
    'admission',
    'backoff',
    'closing',
    'expectBoolean',
    'expectLine',
    'expectMilliseconds',
    'expectNumber',
    'expectObject',
    'expectOneOf',
    'expectEffect',
    'onCancel',
    'orAborted',
    'retryAfterMs',
    'codeOfStatus',
    'outcomeOfStatus',
    'TRANSIENT_STATUSES',
    'describeValue',
    'expectOptions',
    'expectRequiredOptions',
    'expected',
    'expectFunction',
    'expectInteger',
    'expectText',
    'IO_OPTIONS',
    'isSecretName',
    'REDACTED',
    'Redaction',
    'SecretSpellings',
    'fieldOf',
    'isOf',
    'messageOf',
    'partsWithin',
  ])
})
