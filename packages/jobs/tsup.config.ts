import { build } from '@yuzuru/tooling/tsup'

export default build(['src/cli.ts', 'src/dashboard.ts', 'src/index.ts', 'src/testing.ts'])
