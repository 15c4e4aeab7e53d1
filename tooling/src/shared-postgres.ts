import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** The PostgreSQL that all test files of a package share. */
    readonly postgresUrl: string
  }
}

/** A server that was started for tests. */
interface StartedServer {
  readonly url: string
  close(): Promise<void>
}

/** What vitest calls before the first test file; it gives what is called after the last one. */
export type GlobalSetup = (project: TestProject) => Promise<() => Promise<void>>

/**
 * Makes vitest's `globalSetup` that starts one PostgreSQL for all test files of a package; see `ownSchema` of
 * `@yuzuru/tooling/own-schema` for a place of one's own in it.
 *
 * @param start starts it: the sandbox stands on this package, and so is not imported here
 */
export function sharedPostgres(start: () => Promise<StartedServer>): GlobalSetup {
  return async (project) => {
    const server = await start()
    project.provide('postgresUrl', server.url)
    return () => server.close()
  }
}
