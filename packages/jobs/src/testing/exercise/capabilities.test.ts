import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { IoOptions } from '@yuzuru/concurrency'
import type { CronOptions } from '../../cron/define-cron.ts'
import * as jobs from '../../index.ts'
import type { BatchContext, BatchItem } from '../../job/batch-item.ts'
import type { BatchJobOptions } from '../../job/define-batch-job.ts'
import type { IsolatedJobOptions } from '../../job/define-isolated-job.ts'
import type { JobOptions } from '../../job/define-job.ts'
import type { IsolatedContext } from '../../job/isolated-context.ts'
import type { JobContext, KeyConflict } from '../../job/job.ts'
import type { JobLimits, Limit } from '../../job/limits.ts'
import type { RunOptions, Step, WaitForOptions } from '../../job/step.ts'
import type { EnqueueOptions } from '../../queue/enqueue-options.ts'
import type { FindJobsOptions } from '../../queue/find-jobs.ts'
import type { FlowNode } from '../../queue/flow-plan.ts'
import type { WorkerOptions } from '../../worker/worker-options.ts'
import { CASES } from './exercise-jobs.ts'

/*
 * What a queue can do, and the case of the suite that shows it. The types name what there is, so that a new verb, option or
 * member without a case does not compile.
 */

/** The names of an interface, without what every call takes. */
type Names<T> = Exclude<keyof T, keyof IoOptions>

const NO_VERBS: ReadonlySet<string> = new Set(['JobError', 'jobsMigrations'])

type Verb = Exclude<keyof typeof jobs, 'JobError' | 'jobsMigrations'>

/** Those of a worker that only say how often it does what it does, or by what connection, have tests of their own. */
type OwnOfWorker = 'stopMs' | 'listen' | 'engine' | 'pollMs'

const RUN_ONCE = 'a job that was enqueued is run once'
const MANY = 'many jobs are enqueued in one call, and each is run once'
const ORDER = 'a job is run in the order of priority, then of its time, then of its enqueueing'
const AGED = 'what has waited for long goes before what has a better priority'
const QUEUES = 'a worker takes only from the queues that it serves'
const LATER = 'a job for later waits, and a cancelled one never runs'
const VERSIONS =
  'a payload of an older version is upgraded, and a newer one is left for newer workers'
const SCHEMA = 'a payload is checked by its schema when it is enqueued and when it is run'
const NUMBERED = 'each attempt has its number, and the error of each is kept'
const HOPELESS =
  'an error that no attempt can mend fails at once, and so does what shouldRetry refuses'
const TIMEOUT = 'an attempt that takes longer than its timeout has failed, and its handler is ended'
const RETRY = 'a failing job is tried again, and then kept as failed'
const RETRY_ALL = 'all that has failed of a kind is put back by one call'
const SNOOZE = 'a job that is snoozed is due again at its time, and uses no attempt'
const CANCEL = 'a job that runs is cancelled by the end of its handler, and does not come back'
const PRUNE = 'what ended long ago is deleted, and nothing else'
const RESULT = 'the result of a job is given to all that wait for it'
const CHECKED_RESULT = 'a result is checked before it is kept'
const COMPLETE_IN = 'completeIn makes the effect and the completion one'
const TRANSACTIONAL = 'a transactional job has its effects with its end, or not at all'
const KEY = 'a key gives the unfinished job to all callers that race for it'
const FOLLOWED =
  'a key whose jobs follow each other has one that runs and one that waits, of which the last payload counts'
const AGAIN = 'with again what is asked for while its job runs is done once more, after it'
const DEBOUNCE =
  'with debounce a job is put off by each call, up to a bound, and has the last payload'
const GROUP = 'a group runs its jobs one at a time, in their order, on workers that race'
const GROUP_LATER = 'a group waits for a job of it that is for later, and other groups do not'
const LIMIT =
  'a limit holds for workers that race, of the kind and of each tenant, and tenants take turns'
const RATE = 'limits of a tenant and of a key leave the others alone, and a rate lets no more begin'
const CHANGED_LIMITS = 'limits are changed at run time'
const SCALE =
  'no more of a kind or a queue run at once than it is given places, also through a rollback'
const PAUSE = 'a kind or a queue that is paused waits until it is resumed, also through a rollback'
const STEP = 'a step that has finished is not run again, and gives what it gave'
const SLEEP = 'a job that sleeps takes no place and no attempt, and goes on behind the sleep'
const EVENT = 'an event goes once to each wait, sent before it began or after'
const IN_VAIN = 'a wait whose time is over gives nothing'
const CHILD = 'a child gives its result to its parent, which fails with it and cancels it'
const FLOW = 'a flow runs what comes after others once, when all of them have ended'
const FLOW_RESULTS =
  'a part of a flow has the results of those before it, its own queue and its own priority'
const BATCH = 'a batch has many jobs, of which each ends by itself'
const TOGETHER = 'a batch in a transaction has the effects of all its jobs, or of none'
const CRON = 'a cron has one job for each of its times, from workers that race'
const MISSED = 'of missed times those have jobs that the policy says, by the clock of their zone'
const PAUSED_CRON = 'a cron that is paused makes no jobs, and none for that time when it goes on'
const FIND = 'jobs are found by their tags, kind and state, page by page'
const TAGS = 'a job has the tags that its kind makes of the payload'
const STATS = 'jobs are counted by queue and kind'
const WATCH = 'depth and lag of each kind are published'
const ISOLATED = 'a handler in a process knows its job, is tried again and gives its result'
const IN_THREAD = 'a handler in a thread knows its job, is tried again and gives its result'
const KILLED = 'a handler in a process that never ends is ended by a cancel and by its timeout'
const SHUTDOWN =
  'a shutdown cancels what runs when its time is over, and gives it back with its attempt'
const FENCED = 'a worker whose lease is over can complete nothing: another has its job'

const TABLE = {
  verbs: {
    cancelJob: CANCEL,
    changeLimits: CHANGED_LIMITS,
    createWorker: QUEUES,
    defineBatchJob: BATCH,
    defineCron: CRON,
    defineIsolatedJob: ISOLATED,
    defineJob: NUMBERED,
    deleteCron: CRON,
    enqueue: RUN_ONCE,
    enqueueFlow: FLOW,
    enqueueMany: MANY,
    findJobs: FIND,
    getJob: RUN_ONCE,
    jobStats: STATS,
    listCrons: PAUSED_CRON,
    pauseCron: PAUSED_CRON,
    pauseQueue: PAUSE,
    prune: PRUNE,
    resumeCron: PAUSED_CRON,
    resumeQueue: PAUSE,
    retryJob: RETRY,
    retryJobs: RETRY_ALL,
    scaleQueue: SCALE,
    sendEvent: EVENT,
    waitFor: RESULT,
    watchJobs: WATCH,
  } satisfies Record<Verb, string>,

  'options of enqueue': {
    runAt: ORDER,
    delayMs: LATER,
    priority: ORDER,
    queue: QUEUES,
    attempts: NUMBERED,
    tags: FIND,
    tenant: RATE,
    onConflict: DEBOUNCE,
    maxDelayMs: DEBOUNCE,
    key: KEY,
    group: GROUP_LATER,
  } satisfies Record<Names<EnqueueOptions>, string>,

  'options of defineJob': {
    name: NUMBERED,
    run: NUMBERED,
    result: CHECKED_RESULT,
    schema: SCHEMA,
    version: VERSIONS,
    upgrade: VERSIONS,
    attempts: NUMBERED,
    timeoutMs: TIMEOUT,
    backoff: NUMBERED,
    mode: TRANSACTIONAL,
    queue: PAUSE,
    priority: ORDER,
    key: AGAIN,
    onConflict: AGAIN,
    group: GROUP,
    limits: LIMIT,
    tenant: LIMIT,
    tags: TAGS,
    shouldRetry: HOPELESS,
  } satisfies Record<keyof JobOptions<unknown>, string>,

  'conflicts of a key': {
    skip: KEY,
    again: AGAIN,
    replace: FOLLOWED,
    debounce: DEBOUNCE,
  } satisfies Record<KeyConflict, string>,

  limits: {
    concurrency: LIMIT,
    rate: RATE,
    perTenant: LIMIT,
    perKey: RATE,
  } satisfies Record<keyof JobLimits | keyof Limit, string>,

  'what a handler knows': {
    jobId: NUMBERED,
    attempt: NUMBERED,
    attempts: NUMBERED,
    enqueuedAt: NUMBERED,
    cron: CRON,
    signal: TIMEOUT,
    snooze: SNOOZE,
    completeIn: COMPLETE_IN,
    progress: RESULT,
    dependencies: FLOW_RESULTS,
    tx: TRANSACTIONAL,
    step: STEP,
  } satisfies Record<keyof JobContext, string>,

  steps: { sleep: SLEEP, waitFor: EVENT, run: CHILD } satisfies Record<keyof Step, string>,

  'options of step.waitFor': {
    key: EVENT,
    name: EVENT,
    timeoutMs: IN_VAIN,
  } satisfies Record<keyof WaitForOptions, string>,

  'options of step.run': {
    name: CHILD,
    queue: CHILD,
    priority: CHILD,
  } satisfies Record<keyof RunOptions, string>,

  'parts of a flow': {
    job: FLOW,
    payload: FLOW,
    payloads: FLOW,
    after: FLOW,
    onFailure: FLOW,
    queue: FLOW_RESULTS,
    priority: FLOW_RESULTS,
  } satisfies Record<keyof FlowNode, string>,

  'options of defineBatchJob': {
    size: BATCH,
    maxWaitMs: BATCH,
    mode: TOGETHER,
  } satisfies Record<
    Exclude<keyof BatchJobOptions<unknown>, Exclude<keyof JobOptions<unknown>, 'mode'>>,
    string
  >,

  'a job of a batch': {
    payload: BATCH,
    jobId: BATCH,
    attempt: BATCH,
    attempts: BATCH,
    signal: BATCH,
    complete: BATCH,
    fail: BATCH,
  } satisfies Record<keyof BatchItem<unknown>, string>,

  'what a batch knows': { tx: TOGETHER } satisfies Record<keyof BatchContext, string>,

  'options of defineCron': {
    name: CRON,
    job: CRON,
    payload: CRON,
    schedule: CRON,
    timeZone: MISSED,
    missed: MISSED,
    lateMs: MISSED,
  } satisfies Record<keyof CronOptions<unknown>, string>,

  'options of findJobs': {
    tags: FIND,
    job: FIND,
    queue: FIND,
    states: FIND,
    limit: FIND,
    after: FIND,
  } satisfies Record<Names<FindJobsOptions>, string>,

  'options of defineIsolatedJob': {
    runIn: IN_THREAD,
    module: ISOLATED,
    handler: ISOLATED,
  } satisfies Record<
    Exclude<keyof IsolatedJobOptions<unknown, unknown, unknown, string>, keyof JobOptions<unknown>>,
    string
  >,

  'what a handler in a process knows': {
    jobId: ISOLATED,
    attempt: ISOLATED,
    attempts: ISOLATED,
    enqueuedAt: ISOLATED,
    cron: ISOLATED,
    signal: ISOLATED,
    progress: ISOLATED,
  } satisfies Record<keyof IsolatedContext, string>,

  'options of createWorker': {
    jobs: QUEUES,
    crons: CRON,
    concurrency: AGED,
    queues: QUEUES,
    agingMs: AGED,
    leaseMs: FENCED,
    heartbeatMs: CANCEL,
    drainMs: SHUTDOWN,
    threads: KILLED,
    processes: KILLED,
    graceMs: KILLED,
    maxHeapMb: KILLED,
    onEvent: FENCED,
    log: FENCED,
  } satisfies Record<Exclude<keyof WorkerOptions, OwnOfWorker>, string>,
} as const

/** The text of each case, and of what it calls of its own module and of `kinds.ts`. */
const TEXTS = textsOfCases()

describe.each(Object.entries(TABLE))('exerciseJobs covers the %s:', (_, covered) => {
  test.each(Object.entries(covered))('%s', (capability, name) => {
    expect(Object.keys(CASES)).toContain(name)
    expect(TEXTS.get(name)).toMatch(new RegExp(`\\b${capability}\\b`))
  })
})

test('exerciseJobs covers every verb that there is', () => {
  const verbs = Object.keys(jobs).filter((name) => !NO_VERBS.has(name))
  expect(Object.keys(TABLE.verbs).toSorted()).toEqual(verbs.toSorted())
})

test('exerciseJobs has the cases that its modules have, each under a name of its own', () => {
  expect(Object.keys(CASES).toSorted()).toEqual([...TEXTS.keys()].toSorted())
})

function textsOfCases(): ReadonlyMap<string, string> {
  const folder = import.meta.dirname
  const modules = readdirSync(folder).filter((file) => /^[a-z-]+\.ts$/.test(file))
  const common = declarationsIn(readFileSync(`${folder}/kinds.ts`, 'utf8'))
  const texts = new Map<string, string>()
  for (const file of modules) {
    const source = readFileSync(`${folder}/${file}`, 'utf8')
    const declared = new Map([...common, ...declarationsIn(source)])
    const [, cases = ''] = source.split(/^export const \w+: Cases = \{$/m)
    for (const part of cases.split(/^ {2}(?=')/m).slice(1)) {
      const [, name = ''] = /^'(.+?)':/.exec(part) ?? []
      expect(texts.has(name), name).toBe(false)
      texts.set(name, withCalled(part, declared))
    }
  }
  return texts
}

/** The functions and constants of a module, by their names. */
function declarationsIn(source: string): ReadonlyMap<string, string> {
  const parts = source.split(/^(?=(?:export )?(?:async )?(?:function|const) )/m).slice(1)
  return new Map(
    parts
      .filter((part) => !/: Cases = \{/.test(part))
      .map((part) => [/(?:function|const) (\w+)/.exec(part)?.[1] ?? '', part]),
  )
}

function withCalled(text: string, declared: ReadonlyMap<string, string>): string {
  const found = new Set([text])
  for (const part of found) {
    for (const [name, declaration] of declared) {
      if (new RegExp(`\\b${name}\\b`).test(part)) found.add(declaration)
    }
  }
  return [...found].join('\n')
}
