import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

/** What `pnpm chaos` is asked for. */
export interface ChaosOptions {
  /** Decides which operation comes when, what is uploaded, and the order of the faults. */
  readonly seed: number
  /** How many operations are begun, at a steady rate. */
  readonly operations: number
  /** How many operations are begun each second. */
  readonly rate: number
  /** Where the HTML report is written. */
  readonly report: string
}

const USAGE = `Usage: pnpm chaos [--seconds N] [--rate N] [--operations N] [--seed N] [--report FILE]

  --seconds N     how long the load lasts (default: 120)
  --rate N        operations a second (default: 8)
  --operations N  so many operations instead of --seconds
  --seed N        repeats a run (default: another one each time; it is printed)
  --report FILE   where the report is written (default: chaos-SEED.html in
                  the folder for temporary files; it is printed)`

/** Reads the command line; a wrong one ends the process with 2, \`--help\` with 0. */
export function parseChaosOptions(args: readonly string[]): ChaosOptions {
  try {
    return read(args)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
    return process.exit(2)
  }
}

function read(args: readonly string[]): ChaosOptions {
  const { values } = parseArgs({
    args: args.filter((arg) => arg !== '--'),
    options: {
      seconds: { type: 'string', default: '120' },
      rate: { type: 'string', default: '8' },
      operations: { type: 'string' },
      seed: { type: 'string' },
      report: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(USAGE)
    process.exit(0)
  }
  const rate = wholeNumber('--rate', values.rate, 1)
  const seconds = wholeNumber('--seconds', values.seconds, 1)
  const seed = values.seed ?? String(Math.trunc(Math.random() * 2 ** 32))
  const checked = wholeNumber('--seed', seed, 0)
  return {
    seed: checked,
    operations: wholeNumber('--operations', values.operations ?? String(seconds * rate), 1),
    rate,
    report: values.report ?? join(tmpdir(), `chaos-${checked}.html`),
  }
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value < 2 ** 32) return value
  throw new TypeError(`Expected ${name} to be a whole number from ${least}, got ${text}`)
}
