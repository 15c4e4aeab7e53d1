import { basename, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import {
  ChoiceError,
  expectFramework,
  expectName,
  expectPackages,
  FRAMEWORKS,
  type Given,
  PACKAGES,
  type ServicePackage,
} from './choices.ts'
import { createService } from './create-service.ts'

const USAGE = `Usage: npm create yuzuru@latest [FOLDER] -- [--framework NAME] [--packages a,b] [--yes]

  FOLDER             a new or an empty one; its name is that of the service (my-service)
  --framework NAME   ${FRAMEWORKS.join(', ')} (${FRAMEWORKS[0]})
  --packages a,b     of ${PACKAGES.join(', ')}, or none (all)
  --yes              asks nothing; so does a program without a terminal
  --help             this text
`

/** Where a command is given and answered. */
export interface Terminal {
  readonly stdin: { readonly isTTY?: boolean }
  readonly stdout: { readonly isTTY?: boolean; write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}

/** Makes a service as the arguments say, and asks for the rest if there is somebody to ask. Gives the exit code. */
export async function runCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const { help, yes, ...given } = readArguments(args)
    if (help) {
      terminal.stdout.write(USAGE)
      return 0
    }
    const mayAsk = !yes && terminal.stdin.isTTY === true && terminal.stdout.isTTY === true
    const chosen = mayAsk ? await (await import('./ask-for.ts')).askFor(given) : given
    if (chosen === undefined) return 130
    const { folder = 'my-service', framework, packages } = chosen
    const path = resolve(folder)
    const name = basename(path)
    const files = await createService(path, { name, framework, packages })
    terminal.stdout.write(farewell(path, files.length))
    return 0
  } catch (error) {
    if (!(error instanceof ChoiceError)) throw error
    terminal.stderr.write(`${error.message}\n`)
    return 1
  }
}

function readArguments(
  args: readonly string[],
): Given & { readonly help: boolean; readonly yes: boolean } {
  const { values, positionals } = parsed(args)
  const [folder, extra] = positionals
  if (extra !== undefined) {
    throw new ChoiceError(`Expected one folder, got ${JSON.stringify(extra)} too\n\n${USAGE}`)
  }
  // A name that npm does not take is said before anything is asked.
  if (folder !== undefined) expectName(basename(resolve(folder)))
  const { framework, packages, yes = false, help = false } = values
  return {
    folder,
    framework: framework === undefined ? undefined : expectFramework(framework),
    packages: packages === undefined ? undefined : packagesIn(packages),
    yes,
    help,
  }
}

function packagesIn(text: string): readonly ServicePackage[] {
  const names = text.split(',').map((name) => name.trim())
  return expectPackages(text.trim() === 'none' ? [] : names.filter((name) => name !== ''))
}

function parsed(args: readonly string[]): ReturnType<typeof parse> {
  try {
    return parse(args)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new ChoiceError(`${error.message}\n\n${USAGE}`)
  }
}

function parse(args: readonly string[]): {
  readonly values: {
    readonly framework?: string
    readonly packages?: string
    readonly yes?: boolean
    readonly help?: boolean
  }
  readonly positionals: readonly string[]
} {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      framework: { type: 'string' },
      packages: { type: 'string' },
      yes: { type: 'boolean', short: 'y' },
      help: { type: 'boolean', short: 'h' },
    },
  })
}

function farewell(path: string, files: number): string {
  const near = relative(process.cwd(), path)
  const shown = near.startsWith('..') ? path : near
  const enter = shown === '' ? '' : `  cd ${shown}\n`
  return `${files} files in ${path}

${enter}  npm install
  npm run dev     # http://127.0.0.1:3000, on a PostgreSQL of this machine; nothing else to install
  npm test
`
}
