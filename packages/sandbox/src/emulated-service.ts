import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname } from 'node:path'

import { makeFolder, replaceFile } from './own-files.ts'
import { refuseForeignHost } from './own-host.ts'
import { createEmulator, type CustomEmulator, type EmulatorDefinition } from 'emulate'

/** A running service of ours on `emulate`'s runtime. */
export interface EmulatedService<State extends object> {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly url: string
  readonly port: number
  readonly runtime: CustomEmulator<State>
}

export interface EmulatedServiceOptions<State extends object> {
  /** Called with the service's own URL, which is known only once its port is. */
  define(url: string): EmulatorDefinition<State>
  /** @default a free port */
  port?: number | undefined
  /** Where the state is kept between runs, as JSON. @default nowhere */
  file?: string | undefined
}

/** Starts a definition on 127.0.0.1. Another process taking the free port first is not an error. */
export async function startEmulatedService<State extends object>(
  options: EmulatedServiceOptions<State>,
): Promise<EmulatedService<State>> {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort())
    const url = `http://127.0.0.1:${port}`
    try {
      const runtime = await createEmulator({
        service: forOwnHost(options.define(url)),
        port,
        hostname: '127.0.0.1',
        baseUrl: url,
        ...(options.file === undefined ? {} : { persistence: stateFile(options.file) }),
      })
      return { url, port, runtime }
    } catch (error) {
      const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
      if (!taken || options.port !== undefined || attempt === 20) throw error
    }
  }
}

function forOwnHost<State extends object>(
  definition: EmulatorDefinition<State>,
): EmulatorDefinition<State> {
  return {
    ...definition,
    setup(context) {
      context.app.use(async ({ req }, next) => {
        const refused = refuseForeignHost(req.raw.headers.get('host') ?? new URL(req.url).host)
        if (refused === undefined) await next()
        return refused
      })
      return definition.setup(context)
    },
  }
}

/**
 * The runtime saves after every request. Its own file adapter syncs the disk each time, which costs
 * milliseconds and protects from a power cut that a sandbox does not care about; a rename is enough
 * to survive SIGKILL whole, and a request that changed nothing writes nothing.
 */
function stateFile(path: string): {
  load(): Promise<string | null>
  save(data: string): Promise<void>
} {
  let written: string | undefined
  return {
    async load() {
      try {
        return await readFile(path, 'utf8')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
        throw error
      }
    },
    async save(data) {
      if (data === written) return
      await makeFolder(dirname(path))
      await replaceFile(path, data)
      written = data
    },
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
