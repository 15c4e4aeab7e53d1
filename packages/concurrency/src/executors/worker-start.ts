import { isMainThread } from 'node:worker_threads'

/** In the environment of a worker until it has loaded its jobs: the id of the process that started it. */
const STARTED_BY = 'YUZURU_WORKER_STARTED_BY'

/** What a worker's environment has while it starts. */
export function workerEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return { ...env, [STARTED_BY]: String(process.pid) }
}

/** To be called in a worker once it has loaded its jobs: from then on it may start workers itself. */
export function workerHasStarted(): void {
  delete process.env[STARTED_BY]
}

/**
 * Throws while a worker starts: a program that calls jobs as it loads, and that its workers load too,
 * would start workers that start workers without end.
 */
export function refuseWhileStarting(executor: string): void {
  const starter = isMainThread ? process.ppid : process.pid
  if (process.env[STARTED_BY] !== String(starter)) return
  throw new TypeError(
    `Expected ${executor} to be called by the program or a job, got a call from a module that each worker loads as it starts: put the jobs into a module of their own, or ask import.meta.main`,
  )
}
