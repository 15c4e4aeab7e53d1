import { build } from '@yuzuru/tooling/tsup'

export default build(['src/index.ts', 'src/cli.ts'])
