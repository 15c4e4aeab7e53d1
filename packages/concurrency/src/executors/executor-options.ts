import { expectMilliseconds } from '../arguments/expect-kind.ts'
import { expectOptions } from '../arguments/expect-options.ts'
import { availableParallelism } from 'node:os'
import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expectEffect } from '../boundary/expect-effect.ts'
import { expected, expectInteger } from '../arguments/expected.ts'
import type { Effect } from '../scopes/outcome.ts'
import { expectWorkerFlags } from './worker-flags.ts'

/** A value that follows the calls: an `AsyncLocalStorage`. */
export interface ContextVariable {
  /** The value for the caller. */
  getStore(): unknown
}

/** What `threads` and `processes` have in common. */
export interface ExecutorOptions {
  /**
   * The module whose exports are the jobs, JavaScript or TypeScript: a `file:` URL or absolute path.
   * Without it all jobs are functions that are passed in.
   */
  readonly module?: URL | string | undefined
  /**
   * How many jobs run at once, each in a worker of its own: from 1 up. For jobs that only compute, more than
   * there are cores is no faster. @default threads: the cores and 4, at most 32, as Python's thread pools,
   * since a thread may wait in a call that blocks; processes: the cores
   */
  readonly workers?: number | undefined
  /** How many jobs may wait for a worker; one more is `overloaded`. From 0 up. @default 1000 */
  readonly queue?: number | undefined
  /** How long a job may wait for a worker, in milliseconds; then `acquire_timeout`. @default Infinity */
  readonly acquireTimeoutMs?: number | undefined
  /**
   * How long a job that was asked to end may take, in milliseconds, before its worker is killed. `0`
   * kills at once, `Infinity` never. @default 1_000
   */
  readonly graceMs?: number | undefined
  /** How long a worker without work is kept, in milliseconds: up to 2^31 − 1. @default 30_000 */
  readonly idleMs?: number | undefined
  /** The most that a worker's JavaScript heap may hold, in MiB; beyond, it crashes. @default Node's */
  readonly maxHeapMb?: number | undefined
  /** What the jobs do outside their workers. @default 'write' */
  readonly effect?: Effect | undefined
  /** `AsyncLocalStorage`s whose values travel to the module's own, exported as `context`. */
  readonly context?: Readonly<Record<string, ContextVariable>> | undefined
  /** The environment of the workers. @default `process.env` */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /**
   * Options for the workers' Node. Those with which it would run something other than the jobs (`--eval`,
   * `--test`, `--watch`, `--input-type` …) are a `TypeError`.
   * @default those of this process, without these, `--inspect…` and `--env-file…`
   */
  readonly execArgv?: readonly string[] | undefined
}

/** {@link ExecutorOptions}, complete and checked. */
export interface ExecutorSettings {
  readonly module: string | undefined
  readonly workers: number
  readonly queue: number
  readonly acquireTimeoutMs: number
  readonly graceMs: number
  readonly idleMs: number
  readonly maxHeapMb: number | undefined
  readonly effect: Effect
  readonly context: Readonly<Record<string, ContextVariable>> | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly execArgv: readonly string[] | undefined
}

const OPTIONS = [
  'module',
  'workers',
  'queue',
  'acquireTimeoutMs',
  'graceMs',
  'idleMs',
  'maxHeapMb',
  'effect',
  'context',
  'env',
  'execArgv',
] as const satisfies (keyof ExecutorOptions)[]

/** The longest that `setTimeout` takes, by which the pools measure idleness. */
const MAX_IDLE_MS = 2 ** 31 - 1

/** Fills in the defaults. Throws when an option is unknown or out of its range. */
export function executorSettings(
  options: ExecutorOptions,
  where: 'threads' | 'processes',
): ExecutorSettings {
  expectOptions(options, OPTIONS, where)
  const settings: ExecutorSettings = {
    module: options.module === undefined ? undefined : moduleUrl(options.module),
    workers: options.workers ?? defaultWorkers(where),
    queue: options.queue ?? 1000,
    acquireTimeoutMs: options.acquireTimeoutMs ?? Infinity,
    graceMs: options.graceMs ?? 1000,
    idleMs: options.idleMs ?? 30_000,
    maxHeapMb: options.maxHeapMb,
    effect: options.effect ?? 'write',
    context: options.context,
    env: options.env ?? process.env,
    execArgv: options.execArgv,
  }
  expectInteger('workers', settings.workers, 1)
  expectInteger('queue', settings.queue, 0)
  expectMilliseconds('acquireTimeoutMs', settings.acquireTimeoutMs)
  expectMilliseconds('graceMs', settings.graceMs)
  expectInteger('idleMs', settings.idleMs, 0, MAX_IDLE_MS)
  if (settings.maxHeapMb !== undefined) expectInteger('maxHeapMb', settings.maxHeapMb, 1)
  expectEffect(settings.effect)
  expectWorkerFlags(settings.execArgv)
  expectEnvironment(settings.env)
  expectContext(settings.context)
  return settings
}

/** As `ThreadPoolExecutor` and `ProcessPoolExecutor` of Python 3.13 have it. */
function defaultWorkers(kind: 'threads' | 'processes'): number {
  const cores = availableParallelism()
  return kind === 'threads' ? Math.min(32, cores + 4) : cores
}

/** Names and values end at a zero byte, and a name at its `=`: what is behind would be another variable. */
function expectEnvironment(env: Readonly<Record<string, string | undefined>>): void {
  if (typeof env !== 'object' || env === null) throw expected('env to be an object', env)
  for (const [name, value] of Object.entries(env)) {
    if (name === '' || /[=\0]/.test(name)) {
      throw new TypeError('Expected the names in env to be without = and U+0000, got another one')
    }
    if (value === undefined || (typeof value === 'string' && !value.includes('\0'))) continue
    throw expected(`env.${name} to be text without U+0000`, value)
  }
}

function expectContext(context: Readonly<Record<string, ContextVariable>> | undefined): void {
  for (const [name, variable] of Object.entries(context ?? {})) {
    if (typeof variable?.getStore === 'function') continue
    throw expected(`context.${name} to be an AsyncLocalStorage`, variable)
  }
}

function moduleUrl(module: URL | string): string {
  if (module instanceof URL && module.protocol === 'file:') return module.href
  if (typeof module === 'string') {
    if (module.startsWith('file:') && URL.canParse(module)) return module
    if (isAbsolute(module)) return pathToFileURL(module).href
  }
  throw expected('module to be a file: URL or an absolute path', module)
}
