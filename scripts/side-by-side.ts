/**
 * `node scripts/side-by-side.ts --lane 'lint: pnpm lint' 'format: pnpm format:check' --lane 'build: pnpm build'`
 *
 * The lanes run beside each other. What a step wrote is shown when it has ended, so that two never mix; the first
 * failure fails the whole.
 */
import { lanesOf, sideBySide } from '../tooling/src/side-by-side.ts'

const failed = await sideBySide(
  lanesOf(process.argv.slice(2)),
  ({ name, code, output, seconds }) => {
    const how = code === 0 ? '' : `, FAILED with ${code}`
    process.stdout.write(`\n== ${name} (took ${Math.round(seconds)} s${how})\n${output}`)
  },
)
for (const { name } of failed) console.error(`\nFailed: ${name}`)
if (failed.length > 0) process.exitCode = 1
