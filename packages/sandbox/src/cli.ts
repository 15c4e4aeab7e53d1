#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { describeSandbox } from './describe-sandbox.ts'
import { startSandbox } from './sandbox.ts'
import { SERVICE_NAMES, type ServiceName } from './service-name.ts'

const USAGE = `Usage: yuzuru-sandbox [--dir DIR] [--services a,b] [--json]

  --dir DIR        keep the data in DIR and find it again; without it, it is thrown away
  --services a,b   only these of ${SERVICE_NAMES.join(', ')}
  --json           one JSON object on one line instead of a table
  --help           this text

Stops on Ctrl-C.`

function readArguments(): { dir?: string; services?: ServiceName[]; json: boolean; help: boolean } {
  const { values } = parseArgs({
    options: {
      dir: { type: 'string' },
      services: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const services = values.services?.split(',').map((text) => {
    const name = SERVICE_NAMES.find((known) => known === text.trim())
    if (!name)
      throw new TypeError(`Expected services among ${SERVICE_NAMES.join(', ')}, got ${text}`)
    return name
  })
  return {
    json: values.json,
    help: values.help,
    ...(values.dir !== undefined && { dir: values.dir }),
    ...(services && { services }),
  }
}

async function main(): Promise<void> {
  const { json, help, ...options } = readArguments()
  if (help) {
    process.stdout.write(`${USAGE}\n`)
    return
  }
  // Before the start: a signal during it waits for its end, so that nothing stays behind.
  const stopped = Promise.withResolvers<void>()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => stopped.resolve())
  }
  await using sandbox = await startSandbox(options)
  const description = describeSandbox(sandbox)
  process.stdout.write(
    json
      ? `${JSON.stringify(description)}\n`
      : `${Object.entries(description)
          .map(([name, entries]) => {
            const lines = Object.entries(entries).map(
              ([key, value]) => `  ${key.padEnd(16)}${value}`,
            )
            return [name, ...lines].join('\n')
          })
          .join('\n')}\n\nReady. Ctrl-C stops it.\n`,
  )
  await stopped.promise
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
