import { parseArgs } from 'node:util'
import { isLanguage, type Language } from './web/language.ts'

/** What the command line asks for. */
export interface DemoOptions {
  /** Ends after the day instead of serving on. */
  readonly once: boolean
  /** Where the sandbox keeps its data; thrown away without. */
  readonly dir: string | undefined
  /** 0 for a free one. */
  readonly port: number
  readonly language: Language
}

const USAGE = `Usage: pnpm demo [--once] [--dir DIR] [--port PORT] [--lang ja|en]

  --once       lives the day once and exits: 0 only if every step held
  --dir DIR    keeps the sandbox's data there and finds it again (default: thrown away)
  --port PORT  where the pages are served (default: a free port)
  --lang       the language of this terminal (default: that of LANG, else ja)`

/** Reads the command line; a wrong one ends the process with 2, \`--help\` with 0. */
export function parseCommandLine(args: readonly string[]): DemoOptions {
  try {
    return read(args)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
    return process.exit(2)
  }
}

/** By POSIX: `LC_ALL` goes before `LC_MESSAGES`, and that before `LANG`. */
function languageOfTerminal(): Language {
  const { LC_ALL, LC_MESSAGES, LANG } = process.env
  const locale = [LC_ALL, LC_MESSAGES, LANG].find((value) => value !== undefined && value !== '')
  const language = locale?.slice(0, 2)
  return isLanguage(language) ? language : 'ja'
}

function read(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: args.filter((arg) => arg !== '--'),
    options: {
      once: { type: 'boolean', default: false },
      dir: { type: 'string' },
      port: { type: 'string', default: '0' },
      lang: { type: 'string', default: languageOfTerminal() },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(USAGE)
    process.exit(0)
  }
  const port = Number(values.port)
  if (!/^\d+$/.test(values.port) || port > 65_535) {
    throw new TypeError(`Expected --port to be from 0 to 65535, got ${values.port}`)
  }
  if (!isLanguage(values.lang))
    throw new TypeError(`Expected --lang to be ja or en, got ${values.lang}`)
  return { once: values.once, dir: values.dir, port, language: values.lang }
}
