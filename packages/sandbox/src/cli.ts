#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { describeSandbox } from './describe-sandbox.ts'
import { environmentOf } from './environment-of.ts'
import { codeOf, runCommand } from './run-command.ts'
import { startSandbox } from './sandbox.ts'
import { SERVICE_NAMES, type ServiceName } from './service-name.ts'

const USAGE = `Usage: yuzuru-sandbox [--dir DIR] [--services a,b] [--buckets a,b] [--json]
                      [-- COMMAND ...]

  --dir DIR        keep the data in DIR and find it again; without it, it is thrown away
  --services a,b   only these of ${SERVICE_NAMES.join(', ')}
  --buckets a,b    buckets of s3, made when they are missing
  --json           one JSON object on one line instead of a table
  -- COMMAND ...   run this once all is there, and stop when it ends, with its exit code;
                   it finds the addresses in its environment: DATABASE_URL, S3_ENDPOINT,
                   SMTP_URL ..., and S3_BUCKET, the first of --buckets
  --help           this text

Stops on Ctrl-C.`

interface Arguments {
  readonly dir?: string
  readonly services?: ServiceName[]
  readonly buckets: readonly string[]
  readonly json: boolean
  readonly help: boolean
  readonly command: readonly string[] | undefined
}

function readArguments(given: readonly string[]): Arguments {
  const end = given.indexOf('--')
  const command = end === -1 ? undefined : given.slice(end + 1)
  const { values } = parseArgs({
    args: end === -1 ? [...given] : given.slice(0, end),
    options: {
      dir: { type: 'string' },
      services: { type: 'string' },
      buckets: { type: 'string' },
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
  const buckets = values.buckets?.split(',').map((text) => text.trim()) ?? []
  if (buckets.length > 0 && services?.includes('s3') === false) {
    throw new TypeError('Expected s3 among the services for --buckets, got others')
  }
  if (command?.length === 0) throw new TypeError('Expected a command after --, got nothing')
  return {
    json: values.json,
    help: values.help,
    buckets,
    command,
    ...(values.dir !== undefined && { dir: values.dir }),
    ...(services && { services }),
  }
}

async function main(): Promise<void> {
  const { json, help, buckets, command, ...options } = readArguments(process.argv.slice(2))
  if (help) {
    process.stdout.write(`${USAGE}\n`)
    return
  }
  // Before the start: a signal during it waits for its end, so that nothing stays behind.
  const stopped = Promise.withResolvers<void>()
  let stoppedBy: NodeJS.Signals | undefined
  const stop = (signal: NodeJS.Signals): void => {
    stoppedBy ??= signal
    stopped.resolve()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // A second one ends the sandbox at once, but not while a command is ending by it.
    if (command === undefined) process.once(signal, stop)
    else process.on(signal, stop)
  }
  await using sandbox = await startSandbox({ ...options, s3: { buckets } })
  const description = describeSandbox(sandbox)
  const shown = json ? `${JSON.stringify(description)}\n` : `${tableOf(description)}\n\nReady. `
  if (command === undefined) {
    process.stdout.write(json ? shown : `${shown}Ctrl-C stops it.\n`)
    await stopped.promise
    return
  }
  // What the command prints is its own.
  process.stderr.write(json ? shown : `${shown}${command.join(' ')}\n`)
  process.exitCode =
    stoppedBy === undefined
      ? await runCommand(command, environmentOf(sandbox, buckets[0]))
      : codeOf(stoppedBy)
}

function tableOf(description: ReturnType<typeof describeSandbox>): string {
  const parts = Object.entries(description).map(([name, entries]) => {
    const lines = Object.entries(entries).map(([key, value]) => `  ${key.padEnd(16)}${value}`)
    return [name, ...lines].join('\n')
  })
  return parts.join('\n')
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
