import { expect, test } from 'vitest'
import * as job from '../job.ts'
import * as otel from '../otel.ts'
import * as processes from '../processes.ts'
import * as threads from '../threads.ts'

test('the public faces of the executors and of otel are what they are, and nothing else', () => {
  expect(Object.keys(threads)).toEqual(['ExecutorError', 'WorkerCrashed', 'threads'])
  expect(Object.keys(processes)).toEqual(['ExecutorError', 'WorkerCrashed', 'processes'])
  expect(Object.keys(job)).toEqual(['jobScope', 'moved'])
  expect(Object.keys(otel)).toEqual(['otel'])
})
