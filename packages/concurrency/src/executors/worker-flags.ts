import { expected } from '../arguments/expected.ts'

/** Options with which Node runs something other than the file that it is given. */
const OTHER_PROGRAM =
  /^(?:-|-e|--eval|-p|--print|-pe|-i|--interactive|-c|--check|-h|--help|-v|--version|--v8-options|--completion-bash|--prof-process|--run|--test|--watch|--input-type|--experimental-default-type|--entry-url|--build-sea|--build-snapshot|--build-snapshot-config|--experimental-sea-config)$/

/** Options of such a program, which are of no use to a worker or which only one process can have. */
const OF_ITS_PROGRAM =
  /^--(?:(?:experimental-)?test-|watch-|inspect|debug|env-file|experimental-repl-await)/

/** Options that say how modules are loaded; threads take all of them. */
const LOADING =
  /^(?:-r|--require|--import|--loader|--experimental-loader|-C|--conditions|--enable-source-maps|--preserve-symlinks|--preserve-symlinks-main|--experimental-transform-types|--no-strip-types|--no-experimental-strip-types|--no-warnings|--disable-warning)$/

/** Options that are usually written with their value as the next one. */
const WITH_VALUE =
  /^(?:-r|--require|--import|--loader|--experimental-loader|-C|--conditions|--disable-warning)$/

/**
 * What worker processes inherit of the options that this process was started with. Without those that
 * say what to run: under `node -e`, each worker would run that program again, and start workers.
 */
export function processFlags(execArgv: readonly string[]): string[] {
  return select(execArgv, (name) => !OTHER_PROGRAM.test(name) && !OF_ITS_PROGRAM.test(name))
}

/**
 * The options of this process that its threads get too; `undefined` when there are none,
 * they inherit what they can. Node passes `--input-type` on, and then refuses to load files.
 */
export function threadFlags(execArgv: readonly string[]): string[] | undefined {
  if (select(execArgv, (name) => name === '--input-type').length === 0) return undefined
  return select(execArgv, (name) => LOADING.test(name))
}

/** Throws if `execArgv` has an option with which a worker would run something other than jobs. */
export function expectWorkerFlags(execArgv: readonly string[] | undefined): void {
  if (execArgv === undefined) return
  if (!Array.isArray(execArgv) || execArgv.some((flag) => typeof flag !== 'string')) {
    throw expected('execArgv to be an array of strings', execArgv)
  }
  expectValuesWithFlags(execArgv)
  const [wrong] = select(execArgv, (name) => OTHER_PROGRAM.test(name))
  if (wrong === undefined) return
  throw new TypeError(
    `Expected execArgv to have no option that makes a worker run something else, got ${nameOf(wrong)}`,
  )
}

/** A text that belongs to no option is a program to Node, and would run in the place of the worker. */
function expectValuesWithFlags(execArgv: readonly string[]): void {
  execArgv.forEach((each, at) => {
    if (each.startsWith('-') && each !== '--') return
    if (WITH_VALUE.test(execArgv[at - 1] ?? '')) return
    throw new TypeError(
      `Expected execArgv to have values as --option=value, got a text of its own at index ${at}`,
    )
  })
}

/** The options for whose name `keep` holds, with the values that follow them. */
function select(execArgv: readonly string[], keep: (name: string) => boolean): string[] {
  let keeping = false
  return execArgv.filter((each) => {
    // Before the program there are only options, so whatever is none belongs to the one before it.
    if (each.startsWith('-')) keeping = keep(nameOf(each))
    return keeping
  })
}

/** Values are left out: `-e` holds a program, and a program may hold a secret. Node takes `_` for `-`. */
function nameOf(flag: string): string {
  const [name = ''] = flag.split('=')
  return name.startsWith('--') ? name.replaceAll('_', '-') : name
}
