import v8 from '@vitest/coverage-v8'
import { V8CoverageProvider } from '@vitest/coverage-v8/dist/provider.js'

type Location = { readonly start: { readonly line: number; readonly column: number } }

/** As much of istanbul's counts of a file as is read and written here. */
interface FileCounts {
  readonly statementMap: Readonly<Record<string, Location>>
  readonly s: Record<string, number>
  readonly fnMap: Readonly<Record<string, { readonly loc: Location }>>
  readonly f: Record<string, number>
  readonly branchMap: Readonly<Record<string, { readonly type: string; readonly loc: Location }>>
  readonly b: Record<string, number[]>
}

interface Script {
  /** Whether it ran in a process or thread that a test had started. */
  readonly isExtendedContext?: boolean
}

interface Read {
  readonly onFileRead: (coverage: { readonly result: readonly Script[] }) => void
}

/**
 * V8's coverage, also of what runs in processes and threads that the tests start. vitest can collect
 * that (`autoAttachSubprocess`), but merges it by offset with what it has itself transformed, where the
 * offsets are others. So the two are converted apart, and the counts from outside added where a
 * statement, function or branch begins at the same place. What has no such place counts for nothing.
 */
class CoverageProvider extends V8CoverageProvider {
  #outside = false

  // oxlint-disable-next-line typescript/no-explicit-any -- vitest does not export the type
  override async readCoverageFiles(callbacks: any): Promise<void> {
    const { onFileRead } = callbacks as Read
    await super.readCoverageFiles({
      ...callbacks,
      onFileRead: ({ result }: { readonly result: readonly Script[] }) => {
        onFileRead({
          result: result.filter((each) => (each.isExtendedContext === true) === this.#outside),
        })
      },
    })
  }

  override async generateCoverage(
    context: Parameters<V8CoverageProvider['generateCoverage']>[0],
  ): ReturnType<V8CoverageProvider['generateCoverage']> {
    const inside = await super.generateCoverage(context)
    this.#outside = true
    const outside = await super.generateCoverage({ ...context, allTestsRun: false })
    this.#outside = false
    for (const file of outside.files()) {
      if (!inside.files().includes(file)) continue
      add(inside.fileCoverageFor(file).data, outside.fileCoverageFor(file).data)
    }
    return inside
  }
}

function add(to: FileCounts, from: FileCounts): void {
  const statements = byPlace(from.statementMap, (at) => at, from.s)
  const lines = byLine(from)
  for (const [key, at] of Object.entries(to.statementMap)) {
    // Of a variable one side gives the place of its name, the other that of its value.
    const count = statements.get(placeOf(at)) ?? lines.get(at.start.line) ?? 0
    to.s[key] = (to.s[key] ?? 0) + count
  }
  const functions = byPlace(from.fnMap, ({ loc }) => loc, from.f)
  for (const [key, { loc }] of Object.entries(to.fnMap)) {
    to.f[key] = (to.f[key] ?? 0) + (functions.get(placeOf(loc)) ?? 0)
  }
  const branches = new Map(
    Object.entries(from.branchMap).map(([key, { type, loc }]) => [
      `${type} ${placeOf(loc)}`,
      from.b[key],
    ]),
  )
  for (const [key, { type, loc }] of Object.entries(to.branchMap)) {
    const counts = branches.get(`${type} ${placeOf(loc)}`) ?? []
    to.b[key] = (to.b[key] ?? []).map((count, index) => count + (counts[index] ?? 0))
  }
}

function byPlace<T>(
  map: Readonly<Record<string, T>>,
  locationOf: (each: T) => Location,
  counts: Readonly<Record<string, number>>,
): Map<string, number> {
  return new Map(
    Object.entries(map).map(([key, each]) => [placeOf(locationOf(each)), counts[key] ?? 0]),
  )
}

/** How often the least of the statements that begin in a line was run. */
function byLine({ statementMap, s }: FileCounts): Map<number, number> {
  const lines = new Map<number, number>()
  for (const [key, { start }] of Object.entries(statementMap)) {
    lines.set(start.line, Math.min(s[key] ?? 0, lines.get(start.line) ?? Infinity))
  }
  return lines
}

function placeOf({ start }: Location): string {
  return `${start.line}:${start.column}`
}

const provider: typeof v8 = { ...v8, getProvider: () => new CoverageProvider() }

export default provider
