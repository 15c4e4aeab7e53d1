import { expect, test } from 'vitest'
import * as dashboards from './dashboard.ts'
import * as jobs from './index.ts'
import * as testing from './testing.ts'

test('the public face is what it is meant to be', () => {
  expect(Object.keys(jobs).sort()).toEqual([
    'JobError',
    'cancelJob',
    'changeLimits',
    'createWorker',
    'defineBatchJob',
    'defineCron',
    'defineIsolatedJob',
    'defineJob',
    'deleteCron',
    'enqueue',
    'enqueueFlow',
    'enqueueMany',
    'findJobs',
    'getJob',
    'jobStats',
    'jobsMigrations',
    'listCrons',
    'pauseCron',
    'pauseQueue',
    'prune',
    'resumeCron',
    'resumeQueue',
    'retryJob',
    'retryJobs',
    'scaleQueue',
    'sendEvent',
    'waitFor',
    'watchJobs',
  ])
  expect(Object.keys(dashboards)).toEqual(['dashboard'])
  expect(Object.keys(testing).sort()).toEqual(['drainJobs', 'exerciseJobs'])
})

test('a JobError is known across copies of the package', () => {
  const error = new jobs.JobError('gone', {
    operation: 'completeIn',
    code: 'lease_lost',
    retryable: false,
    outcome: 'none',
  })
  expect(jobs.JobError.isInstance(error)).toBe(true)
  expect(jobs.JobError.isInstance(new Error('gone'))).toBe(false)
  expect(error).toMatchObject({ name: 'JobError', boundary: 'jobs' })
})
