import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { PostgresOptions } from './postgres/postgres-options.ts'
import { startPostgres, type PostgresServer } from './postgres/start-postgres.ts'
import { SERVICE_NAMES, type ServiceName } from './service-name.ts'
import { startSmtp, type SmtpOptions, type SmtpServer } from './smtp/start-smtp.ts'

/** What to start. */
export interface SandboxOptions {
  /** Where to keep the data, found again at the next start. @default none: thrown away at close */
  dir?: string
  /** @default all of them */
  services?: readonly ServiceName[]
  postgres?: Omit<PostgresOptions, 'dir'>
  smtp?: Omit<SmtpOptions, 'dir'>
}

interface Services {
  postgres: PostgresServer
  smtp: SmtpServer
}

/** The outside world on one machine. A member whose service was not started throws. */
export interface Sandbox extends AsyncDisposable {
  readonly postgres: PostgresServer
  readonly smtp: SmtpServer
  /** Stops all services and removes throwaway data. A second call waits for the first. */
  close(): Promise<void>
}

type Starters = { [Name in ServiceName]: () => Promise<Services[Name]> }

function startersFor(options: SandboxOptions): Starters {
  const inDir = (name: ServiceName): { dir?: string } =>
    options.dir === undefined ? {} : { dir: join(options.dir, name) }
  return {
    postgres: () => startPostgres({ ...options.postgres, ...inDir('postgres') }),
    smtp: () => startSmtp({ ...options.smtp, ...inDir('smtp') }),
  }
}

function checkServices(services: readonly ServiceName[]): void {
  for (const name of services) {
    if (!SERVICE_NAMES.includes(name)) {
      throw new TypeError(`Expected services among ${SERVICE_NAMES.join(', ')}, got ${name}`)
    }
  }
}

async function closeAll(services: Iterable<AsyncDisposable>): Promise<void> {
  const ends = await Promise.allSettled([...services].map((it) => it[Symbol.asyncDispose]()))
  const errors = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []))
  if (errors.length > 0) throw new AggregateError(errors, 'Not every service could be closed')
}

/**
 * Starts the services at once, on the loopback interface and free ports.
 *
 * @throws TypeError on wrong options.
 * @throws Error that names the services which did not start; those that did are closed then.
 * @example
 * await using sandbox = await startSandbox({ services: ['postgres', 'smtp'] })
 * const url = await sandbox.postgres.createDatabase()
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const names = [...new Set(options.services ?? SERVICE_NAMES)]
  checkServices(names)
  if (options.dir !== undefined) await mkdir(options.dir, { recursive: true })
  const starters = startersFor(options)
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
  if (failures.length > 0) {
    await closeAll(Object.values(running))
    const [first] = failures
    throw new Error(
      `The sandbox did not start: ${failures.map(({ name, error }) => `${name} (${String(error)})`).join('; ')}`,
      { cause: first?.error },
    )
  }
  let closing: Promise<void> | undefined
  const the = <Name extends ServiceName>(name: Name): Services[Name] => {
    const service = running[name]
    if (!service) {
      throw new Error(`${name} was not started. Add it to startSandbox({ services: […] }).`)
    }
    return service
  }
  const sandbox: Sandbox = {
    get postgres() {
      return the('postgres')
    },
    get smtp() {
      return the('smtp')
    },
    close() {
      closing ??= closeAll(Object.values(running))
      return closing
    },
    [Symbol.asyncDispose]: () => sandbox.close(),
  }
  return sandbox
}
