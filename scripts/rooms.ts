/**
 * Checks the rooms of every package: no circle of imports, types counted, and no import against the order
 * of the rooms that its README states: "Rooms, from the ground up: `a` ← `b`, `c` ← `d`". A room imports
 * from the floors below its own.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { circlesOf, type Imports, importsIn } from './imports.ts'
import { packages, root } from './packages.ts'

/** How many files may lie in `src/` itself, tests not counted. */
const MOST_LOOSE_FILES = 30

const STATEMENT = '\nRooms, from the ground up: '

const problems: string[] = []
let arrows = 0
let files = 0

for (const { folder, shortName } of packages()) {
  const imports = importsIn(join(folder, 'src'))
  files += imports.size
  const readme = readFileSync(join(folder, 'README.md'), 'utf8')
  const found = [...circles(imports), ...looseFiles(imports), ...againstTheOrder(imports, readme)]
  problems.push(...found.map((problem) => `${shortName}: ${problem}`))
}
for (const folder of ['apps/demo/src', 'bench/src', 'docs/src', 'scripts', 'tooling/src']) {
  const imports = importsIn(join(root, folder))
  files += imports.size
  problems.push(...circles(imports).map((problem) => `${folder}: ${problem}`))
}

for (const problem of problems) console.error(problem)
console.log(`${files} files, ${arrows} arrows between rooms, ${problems.length} problems`)
if (problems.length > 0) process.exitCode = 1

function circles(imports: Imports): string[] {
  return circlesOf(imports).map((circle) => `a circle of imports: ${circle.join(', ')}`)
}

function looseFiles(imports: Imports): string[] {
  const loose = [...imports.keys()].filter((file) => roomOf(file) === undefined)
  if (loose.length <= MOST_LOOSE_FILES) return []
  return [`${loose.length} files lie in src/; from ${MOST_LOOSE_FILES} on they get rooms`]
}

function againstTheOrder(imports: Imports, readme: string): string[] {
  const floors = floorsIn(readme)
  const rooms = new Set([...imports.keys()].flatMap((file) => roomOf(file) ?? []))
  if (rooms.size > 0 && floors.size === 0) return ['its README states no order of its rooms']
  const unknown = [...rooms].filter((room) => !floors.has(room))
  const gone = [...floors.keys()].filter((room) => !rooms.has(room))
  const wrong = new Set<string>()
  const seen = new Set<string>()
  for (const [file, targets] of imports) {
    for (const target of targets) {
      const [from, to] = [roomOf(file), roomOf(target)]
      if (from === undefined || to === undefined || from === to) continue
      seen.add(`${from} → ${to}`)
      if ((floors.get(from) ?? 0) > (floors.get(to) ?? 0)) continue
      wrong.add(`${file} imports ${target} against the order of the rooms`)
    }
  }
  arrows += seen.size
  return [
    ...unknown.map((room) => `its README says of no floor that ${room}/ is on it`),
    ...gone.map((room) => `its README names the room ${room}/, which is not there`),
    ...wrong,
  ]
}

/** Each room and its floor, counted from the ground up. */
function floorsIn(readme: string): ReadonlyMap<string, number> {
  const [, stated = ''] = readme.split(STATEMENT)
  const [floors = ''] = stated.split(/\.\s/)
  return new Map(
    floors
      .split('←')
      .flatMap((floor, at) =>
        Array.from(floor.matchAll(/`([\w-]+)`/g), ([, room = '']) => [room, at] as const),
      ),
  )
}

function roomOf(file: string): string | undefined {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : undefined
}
