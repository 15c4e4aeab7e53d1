import { expect, test } from 'vitest'
import * as boundary from './boundary.ts'

test('the public face of the boundary is what it is, and nothing else', () => {
  expect(Object.keys(boundary)).toEqual([
    'describeValue',
    'expectOptions',
    'expected',
    'expectFunction',
    'expectInteger',
    'expectText',
    'IO_OPTIONS',
    'isSecretName',
    'REDACTED',
    'Redaction',
    'SecretSpellings',
  ])
})
