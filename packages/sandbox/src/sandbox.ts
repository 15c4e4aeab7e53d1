import { mkdir, realpath } from 'node:fs/promises'
import { expectOptions } from '@yuzuru/concurrency/boundary'
import { serviceFaults, type ServiceFaults } from './faults/service-faults.ts'
import { startInScope } from './in-scope.ts'
import { makeScratchFolder } from './scratch-folder.ts'
import { startInFolder } from './start-in-folder.ts'
import { SERVICE_NAMES, type ServiceName } from './service-name.ts'
import { addressOf, expectServiceOptions, startersFor } from './services.ts'
import type { ServiceOptions, Services } from './services.ts'

/** What to start. */
export interface SandboxOptions extends ServiceOptions {
  /** Where to keep the data, found again at the next start. @default none: thrown away at close */
  dir?: string | undefined
  /** @default all of them */
  services?: readonly ServiceName[] | undefined
}

/** The outside world on one machine. A member whose service was not started throws. */
export interface Sandbox extends AsyncDisposable, Readonly<Services> {
  /** Those that run. */
  readonly services: readonly ServiceName[]
  /** Proxies in front of the services, where things go wrong on demand. */
  readonly faults: ServiceFaults
  /** Stops all services and removes throwaway data. A second call waits for the first. */
  close(): Promise<void>
}

const SANDBOX_OPTIONS = ['dir', 'services', ...SERVICE_NAMES]

function checkOptions(options: SandboxOptions): void {
  expectOptions(options, SANDBOX_OPTIONS, 'startSandbox')
  expectServiceOptions(options)
  const { dir, services = [] } = options
  if (dir !== undefined && (typeof dir !== 'string' || dir === '')) {
    throw new TypeError(`Expected dir to be the path of a folder, got ${JSON.stringify(dir)}`)
  }
  for (const name of services) {
    if (!SERVICE_NAMES.includes(name)) {
      throw new TypeError(`Expected services among ${SERVICE_NAMES.join(', ')}, got ${name}`)
    }
  }
}

async function closeAll(services: Iterable<AsyncDisposable>): Promise<void> {
  const ends = await Promise.allSettled([...services].map((it) => it[Symbol.asyncDispose]()))
  const errors = ends.flatMap((end): unknown[] => (end.status === 'rejected' ? [end.reason] : []))
  if (errors.length > 0) throw new AggregateError(errors, 'Not every service could be closed')
}

async function startAll(
  names: readonly ServiceName[],
  options: SandboxOptions,
  scratch: string,
  signal: AbortSignal,
): Promise<Partial<Services>> {
  const starters = startersFor(options, { keptIn: options.dir, scratch })
  const running: Partial<Services> = {}
  const failures: { name: ServiceName; error: unknown }[] = []
  await Promise.all(
    names.map(async (name) => {
      try {
        Object.assign(running, { [name]: await starters[name]() })
      } catch (error) {
        failures.push({ name, error })
      }
    }),
  )
  if (failures.length === 0) return running
  const reasons = failures.map(({ name, error }) => `${name} (${String(error)})`)
  const causes = failures.map(({ error }) => error)
  await closeAll(Object.values(running)).catch((error: unknown) => causes.push(error))
  signal.throwIfAborted()
  throw new AggregateError(causes, `The sandbox did not start: ${reasons.join('; ')}`)
}

/**
 * Starts the services side by side, on the loopback interface and free ports. For tests and development: it
 * has no security, and Stripe and Google cover what the packages use of them.
 *
 * PostgreSQL takes about a second: start one sandbox for a test file, not for each test, and give each test a
 * database of its own.
 *
 * @throws {TypeError} when an option is unknown or out of its range.
 * @throws {Error} with the code `folder_in_use` when a living process uses `dir`
 * @throws {AggregateError} that names the services which did not start; those that did are closed by then
 * @example
 * await using sandbox = await startSandbox({ services: ['postgres', 'smtp'] })
 * const url = await sandbox.postgres.createDatabase()
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  checkOptions(options)
  return await startInScope('startSandbox', async (signal) => {
    const { dir } = options
    // PostgreSQL's own user passes through it.
    if (dir !== undefined) await mkdir(dir, { recursive: true })
    const folder = dir === undefined ? undefined : await realpath(dir)
    return await startInFolder(folder, () => start({ ...options, dir: folder }, signal))
  })
}

async function start(options: SandboxOptions, signal: AbortSignal): Promise<Sandbox> {
  const services = [...new Set(options.services ?? SERVICE_NAMES)]
  const isThrowaway = options.dir === undefined && services.includes('s3')
  const scratch = isThrowaway ? await makeScratchFolder() : undefined
  let running: Partial<Services>
  try {
    running = await startAll(services, options, scratch?.path ?? '', signal)
  } catch (error) {
    await scratch?.[Symbol.asyncDispose]()
    throw error
  }
  const the = <Name extends ServiceName>(name: Name): Services[Name] => {
    const service: Services[Name] | undefined = running[name]
    if (service) return service
    throw new Error(`${name} was not started. Add it to startSandbox({ services: […] }).`)
  }
  const faults = serviceFaults((name) => addressOf(the(name)))
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    try {
      await faults.close()
      await closeAll(Object.values(running))
    } finally {
      await scratch?.[Symbol.asyncDispose]()
    }
  }
  const sandbox: Sandbox = {
    services,
    get postgres() {
      return the('postgres')
    },
    get s3() {
      return the('s3')
    },
    get smtp() {
      return the('smtp')
    },
    get stripe() {
      return the('stripe')
    },
    get google() {
      return the('google')
    },
    faults,
    close() {
      closing ??= close()
      return closing
    },
    [Symbol.asyncDispose]: () => sandbox.close(),
  }
  return sandbox
}
