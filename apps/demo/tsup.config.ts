import { build } from '@yuzuru/tooling/tsup'

export default build(['src/main.ts', 'src/worker.ts'])
