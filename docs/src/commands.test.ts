import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const { scripts, packageManager } = JSON.parse(read('package.json')) as {
  readonly scripts: Readonly<Record<string, string>>
  readonly packageManager: string
}

/** These built-in commands of pnpm run the script of their name. */
const RUN_THE_SCRIPT = new Set(['test', 'start', 'stop', 'restart'])

/** What pnpm takes for a command of its own, by its own word, aliases too. */
function builtIns(): Set<string> {
  const help = execFileSync('npx', ['-y', packageManager, 'help', '--all'], { encoding: 'utf8' })
  const [, commands = ''] = /^Commands:\n([\s\S]*?)^Options:/m.exec(help) ?? []
  const names = new Set<string>()
  for (const [line, name = ''] of commands.matchAll(/^ {2}([\w-]+) +.*$/gm)) {
    const [, aliases = ''] = /\[alias(?:es)?: ([^\]]*)\]/.exec(line) ?? []
    for (const word of [name, ...aliases.split(', ')]) names.add(word)
  }
  return names.difference(new Set(['']))
}

const own = builtIns()

test('no script of the root is hidden by a command of pnpm', () => {
  // Else this test has read nothing.
  expect([...own]).toEqual(expect.arrayContaining(['docs', 'home', 'install', 'i']))
  const hidden = Object.keys(scripts).filter((name) => own.has(name) && !RUN_THE_SCRIPT.has(name))
  expect(hidden).toEqual([])
})

/** What a page tells its reader to run at the root, such as `demo` of `pnpm demo --once`. */
const commandsOf = (page: string): string[] =>
  Array.from(
    read(page).matchAll(/(?:^|`|&& )(?:npx -y )?pnpm(?:@[\d.]+)? ([a-z][\w-]*)/gm),
    ([, name = '']) => name,
  )

const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: root, exclude: ['**/node_modules/**'] })

test.each(pages)('%s: the commands that it names are there', (page) => {
  const known = (name: string): boolean => name in scripts || own.has(name) || name === 'turbo'
  expect(commandsOf(page).filter((name) => !known(name))).toEqual([])
})

test.each(['README.md', 'README.ja.md'])(
  '%s: its commands install what they need, as they stand right after a clone',
  (page) => {
    const commands = commandsOf(page).filter((name) => read(page).includes(`pnpm@12.21.0 ${name}`))
    expect(commands.length).toBeGreaterThan(2)
    const bare = commands.filter((name) => !scripts[name]?.startsWith('sh scripts/install-for.sh '))
    expect(bare).toEqual([])
    expect(read(page)).toContain(packageManager)
  },
)
