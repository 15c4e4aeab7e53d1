import { expect, it } from 'vitest'
import * as face from './index.ts'

it('The public face is these names', () => {
  expect(Object.keys(face).toSorted()).toEqual([
    'PostgresRefusal',
    'SERVICE_NAMES',
    'startFaultProxy',
    'startGoogle',
    'startPostgres',
    'startS3',
    'startSandbox',
    'startSmtp',
    'startStripe',
  ])
})
