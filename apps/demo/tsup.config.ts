import { build } from '@yuzuru/tooling/tsup'

// Its source is JSX, which Node does not run. Published, it is built.
const IN_JSX = ['@yuzuru/jobs/dashboard']

export default build(['src/main.ts', 'src/worker.ts', 'src/chaos/main.ts', 'src/chaos/web.ts'], {
  bundled: IN_JSX,
})
